package store

import "amiforge/bundle"

// openDir returns the directory store at loc.
func openDir(loc Location, cfg Config) (bundle.Store, error) {
	return bundle.OpenDir(loc.Dir, &bundle.DirOptions{NoSync: cfg.NoSync, Create: cfg.Create})
}
