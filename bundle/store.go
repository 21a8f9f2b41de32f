package bundle

import (
	"context"
	"fmt"
	"io"
	"iter"

	"amiforge/manifest"
)

// A Store keeps the objects of bundles, flat, under plain names (one path element). A directory (Dir) and an
// S3 bucket prefix are stores. Its methods may be called concurrently. Missing is fs.ErrNotExist and
// forbidden is fs.ErrPermission in every error's chain; retrying is the store's business, not the caller's.
type Store interface {
	fmt.Stringer // the location, as a user would type it

	// Stat describes the object name.
	Stat(ctx context.Context, name string) (Object, error)

	// Open reads the object name, whose size it returns. The reader yields exactly that many bytes or an error.
	Open(ctx context.Context, name string) (body io.ReadCloser, size int64, err error)

	// Put stores size bytes of body under name, replacing what is there. The object appears whole or not
	// at all, and the store refuses content whose SHA-1 is not sum. body may be read more than once.
	Put(ctx context.Context, name string, body io.ReaderAt, size int64, sum manifest.Digest) error

	// Remove deletes the object name. A missing one is fs.ErrNotExist or no error: S3 does not tell.
	Remove(ctx context.Context, name string) error

	// List yields the store's objects in no particular order, without their SHA1, and stops at the first error.
	List(ctx context.Context) iter.Seq2[Object, error]
}

// An Object is what a store knows of one of its objects.
type Object struct {
	Name string
	Size int64            // bytes
	SHA1 *manifest.Digest // as checked by the store itself; nil where it keeps none
}
