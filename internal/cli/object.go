package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"amiforge/bundle"
	"amiforge/internal/store"
)

// An Object is a named thing in a store, most often a manifest.
type Object struct {
	Store    bundle.Store
	Location store.Location // of the store
	Name     string
}

// String returns the object's location as a user would type it.
func (o Object) String() string { return o.Location.Object(o.Name) }

// Missing adds to an err that is fs.ErrNotExist what a manifest is called, where the object is not called so: it may
// be the prefix of one.
func (o Object) Missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) && !IsManifest(o.Name) {
		return fmt.Errorf("%w: name the manifest, as in %s/image.manifest.xml", err, o)
	}
	return err
}

// OpenObject opens the store that the object at location s is in. Whether the object is there, it does not
// look. A location that cannot be understood is a usage error.
func OpenObject(ctx context.Context, s string, cfg store.Config) (Object, error) {
	loc, name, err := store.SplitObject(s)
	if err != nil {
		return Object{}, locationError(err)
	}
	if path := filepath.Join(loc.Dir, name); loc.Bucket == "" && isDirectory(path) {
		return Object{}, Usagef("%s is a directory: name a file in it; of a bundle that is %s", s, filepath.Join(path, "image.manifest.xml"))
	}
	st, err := store.Open(ctx, loc, cfg)
	return Object{st, loc, name}, err
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// OpenBucketObject opens the object called name in the argument of -b.
func OpenBucketObject(ctx context.Context, bucket, name string, cfg store.Config) (Object, error) {
	loc, err := store.BucketLocation(bucket)
	if err != nil {
		return Object{}, Usagef("-b: %w", err)
	}
	st, err := store.Open(ctx, loc, cfg)
	return Object{st, loc, name}, err
}

// OpenStore opens the store at location s.
func OpenStore(ctx context.Context, s string, cfg store.Config) (bundle.Store, store.Location, error) {
	loc, err := store.ParseLocation(s)
	if err != nil {
		return nil, loc, Usagef("%w", err)
	}
	st, err := store.Open(ctx, loc, cfg)
	return st, loc, err
}

// locationError makes a usage error of an err about how a location is written; that a file is missing is not.
func locationError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return Usagef("%w", err)
}
