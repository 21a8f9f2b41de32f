package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"iter"
	"path"
	"strings"

	"amiforge/internal/store"
)

// Keys are small values under slash-separated keys that change only by comparing and swapping: all that an
// engine needs of its store. DirKeys, store.Keys and pgkeys.Keys have them.
type Keys interface {
	// Get returns the value of key and its version. A missing one is fs.ErrNotExist.
	Get(ctx context.Context, key string) (value []byte, version string, err error)

	// Create stores value where nothing is, else the error is fs.ErrExist.
	Create(ctx context.Context, key string, value []byte) (version string, err error)

	// Replace stores value where key still has version, else the error is store.ErrConflict.
	Replace(ctx context.Context, key string, value []byte, version string) (newVersion string, err error)

	// List yields the keys that begin with prefix, and stops at the first error. Version and value are there
	// where the store gives them along with the key.
	List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error]
}

// folder holds all that a registry keeps, below its location.
const folder = ".registry/v1"

// The keys below it. A name's key is its digest: names may hold slashes, and differ in case only, which
// some file systems would not tell apart.
const (
	imagePrefix    = "images/"
	claimPrefix    = "names/"
	settingsPrefix = "settings/"
)

func imageKey(id string) string { return imagePrefix + id + ".json" }

func claimKey(m Image) string {
	sum := sha256.Sum256([]byte(m.Name))
	return claimPrefix + path.Join(m.Region, m.Owner, hex.EncodeToString(sum[:])+".json")
}

// imageID returns the ID in an image's key, and false for the key of anything else.
func imageID(key string) (string, bool) {
	name, isImage := strings.CutPrefix(key, imagePrefix)
	id, isJSON := strings.CutSuffix(name, ".json")
	return id, isImage && isJSON && CheckID(id) == nil
}

// isMissing reports whether a Get failed because the registry has no such key.
func isMissing(err error) bool {
	_, nowhere := errors.AsType[noLocationError](err)
	return errors.Is(err, fs.ErrNotExist) && !nowhere
}

// moved reports whether a Replace failed because another writer came first.
func moved(err error) bool {
	return errors.Is(err, store.ErrConflict) || errors.Is(err, fs.ErrNotExist)
}
