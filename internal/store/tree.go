package store

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/minio/minio-go/v7"

	"amiforge/bundle"
)

// A Tree is a location with all that lies below it, which one connection reaches.
type Tree struct {
	loc    Location
	cfg    Config
	client *client // nil for a directory
}

// A Folder is a store somewhere in a tree.
type Folder struct {
	Location Location
	Objects  []Found // those that were wanted
	Skipped  bool    // it has the name that was to be skipped, and nothing in it was looked at
}

// A Found is an object in a folder.
type Found struct {
	Name     string
	Size     int64     // bytes
	Modified time.Time // when the object came to its name; no tool can set that back
}

// WalkOptions say what of a tree to look at. nil means all.
type WalkOptions struct {
	Skip string                 // folders of this name are not looked into, nor what lies below them
	Want func(name string) bool // objects that are wanted, by their names; nil: all
}

// OpenTree returns the tree at loc. See Open. Nothing makes a directory that is missing.
func OpenTree(ctx context.Context, loc Location, cfg Config) (*Tree, error) {
	cfg.Create = false
	t := &Tree{loc: loc, cfg: cfg}
	if loc.Bucket == "" {
		return t, nil
	}
	var err error
	t.client, err = newClient(ctx, loc, cfg)
	return t, err
}

// Location returns where the tree is.
func (t *Tree) Location() Location { return t.loc }

// Server returns the URL of the service that the tree's bucket is at, "" for a directory. See Config.Server.
func (t *Tree) Server() (string, error) {
	if t.client == nil {
		return "", nil
	}
	return t.cfg.Server()
}

// Open returns the store at loc, which is in the tree's bucket, or a directory if the tree is one.
func (t *Tree) Open(loc Location) (bundle.Store, error) {
	if t.client == nil {
		return openDir(loc, t.cfg)
	}
	return &S3{client: t.client.at(loc), acl: t.cfg.ACL}, nil
}

// Walk yields the folders of the tree in which there are objects that are wanted, each when it has been read to its
// end, and those that are skipped. It holds a folder at a time, and in a bucket those that it is in.
//
// In a directory symbolic links are not followed. A folder in it that cannot be read is an error with the folder's
// location, and after it the walk may go on; any other error ends it. Names that no object or prefix of ours can have
// are left out. A bucket whose server does not sort its keys may yield a folder in pieces.
func (t *Tree) Walk(ctx context.Context, opts *WalkOptions) iter.Seq2[Folder, error] {
	if opts == nil {
		opts = &WalkOptions{}
	}
	return func(yield func(Folder, error) bool) {
		if t.client == nil {
			walkDir(ctx, t.loc.Dir, opts, yield)
			return
		}
		walkBucket(ctx, t.client, opts, yield)
	}
}

// Folder returns the one at loc as Walk would, whatever is in it. See Open.
func (t *Tree) Folder(ctx context.Context, loc Location, opts *WalkOptions) (Folder, error) {
	if opts == nil {
		opts = &WalkOptions{}
	}
	if t.client == nil {
		folder, _, err := readDir(ctx, loc.Dir, opts)
		return folder, err
	}
	return listFolder(ctx, t.client.at(loc), opts)
}

// Has reports whether anything is in the folder called name at loc. See Open.
func (t *Tree) Has(ctx context.Context, loc Location, name string) (bool, error) {
	if t.client == nil {
		info, err := os.Lstat(filepath.Join(loc.Dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return err == nil && info.IsDir(), err
	}
	found := false
	err := t.client.list(ctx, loc.key(name+"/"), true, func(minio.ObjectInfo) bool {
		found = true
		return false
	})
	return found, err
}

func (o *WalkOptions) wants(name string) bool {
	return checkSegment(name) == nil && (o.Want == nil || o.Want(name))
}

// at returns a client for another location in the same bucket.
func (c *client) at(loc Location) *client {
	other := &client{
		loc: loc, endpoint: c.endpoint, agent: c.agent, options: c.options, attempts: c.attempts, pace: c.pace,
	}
	other.core.Store(c.core.Load())
	return other
}
