package regions

import (
	"path/filepath"
	"strings"

	"amiforge/internal/store"
)

// Holds reports whether a location is the region's store or lies in it. A region of AWS without an entry holds what is
// in any bucket.
func (r Region) Holds(loc store.Location) bool {
	switch {
	case r.Store == (store.Location{}):
		return loc.Bucket != ""
	case r.Store.Bucket != loc.Bucket:
		return false
	case loc.Bucket != "":
		return below(loc.Prefix, r.Store.Prefix, "/")
	}
	return below(RealPath(loc.Dir), RealPath(r.Store.Dir), string(filepath.Separator))
}

// Of returns the region whose store a location is in, the nearest one of several, and false if there is none.
func (f *File) Of(loc store.Location) (found Region, ok bool) {
	for _, r := range f.All() {
		if r.Holds(loc) && (!ok || len(r.Store.String()) > len(found.Store.String())) {
			found, ok = r, true
		}
	}
	return found, ok
}

// InBucket returns the region whose store is in a bucket, the first of several by name, and false if there is none.
func (f *File) InBucket(bucket string) (Region, bool) {
	for _, r := range f.All() {
		if r.Store.Bucket == bucket {
			return r, true
		}
	}
	return Region{}, false
}

func below(path, folder, separator string) bool {
	folder = strings.TrimSuffix(folder, separator)
	return folder == "" || path == folder || strings.HasPrefix(path, folder+separator)
}

// RealPath returns store.RealPath of a directory, as far as that can be found out.
func RealPath(dir string) string {
	if real, err := store.RealPath(dir); err == nil {
		return real
	}
	return dir
}
