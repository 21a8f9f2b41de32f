package store

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"
)

// A bucketWalk makes folders of a sorted list of keys. A folder's keys are not in a row, those of the folders in it
// lie between: it is read to its end when a key comes that is not below it.
type bucketWalk struct {
	root    Location
	opts    *WalkOptions
	open    []Folder // each is below the one before
	skipped string   // the latest prefix that was skipped
	yield   func(Folder, error) bool
	done    bool // yield has had enough
}

func walkBucket(ctx context.Context, c *client, opts *WalkOptions, yield func(Folder, error) bool) {
	w := &bucketWalk{root: c.loc, opts: opts, yield: yield}
	err := c.list(ctx, c.loc.key(""), true, func(o minio.ObjectInfo) bool {
		w.add(o)
		return !w.done
	})
	switch {
	case w.done:
	case err != nil:
		yield(Folder{}, err) // the open folders are not whole
	default:
		w.closeTo(func(string) bool { return false })
	}
}

func (w *bucketWalk) add(o minio.ObjectInfo) {
	prefix, name := path.Split(o.Key)
	prefix = strings.TrimSuffix(prefix, "/")
	w.closeTo(func(open string) bool { return open == "" || prefix == open || strings.HasPrefix(prefix, open+"/") })
	if w.done || w.skip(prefix) || checkPrefix(prefix) != nil || !w.opts.wants(name) {
		return
	}
	if len(w.open) == 0 || w.open[len(w.open)-1].Location.Prefix != prefix {
		w.open = append(w.open, Folder{Location: Location{Bucket: w.root.Bucket, Prefix: prefix}})
	}
	top := &w.open[len(w.open)-1]
	top.Objects = append(top.Objects, Found{Name: name, Size: o.Size, Modified: o.LastModified})
}

// closeTo yields the open folders that a key is not below, the innermost first.
func (w *bucketWalk) closeTo(contains func(prefix string) bool) {
	for len(w.open) > 0 && !w.done {
		top := w.open[len(w.open)-1]
		if contains(top.Location.Prefix) {
			return
		}
		w.open = w.open[:len(w.open)-1]
		w.done = !w.yield(top, nil)
	}
}

// skip tells whether prefix is, or lies below, a folder that is skipped, and yields that when it comes to it.
func (w *bucketWalk) skip(prefix string) bool {
	if w.opts.Skip == "" {
		return false
	}
	below := strings.TrimPrefix(strings.TrimPrefix(prefix, w.root.Prefix), "/")
	segments := strings.Split(below, "/")
	i := slices.Index(segments, w.opts.Skip)
	if i < 0 {
		return false
	}
	skipped := path.Join(w.root.Prefix, path.Join(segments[:i+1]...))
	if skipped != w.skipped {
		w.skipped = skipped
		w.done = !w.yield(Folder{Location: Location{Bucket: w.root.Bucket, Prefix: skipped}, Skipped: true}, nil)
	}
	return true
}

// listFolder reads the folder that c is at.
func listFolder(ctx context.Context, c *client, opts *WalkOptions) (Folder, error) {
	folder := Folder{Location: c.loc}
	prefix := c.loc.key("")
	err := c.list(ctx, prefix, false, func(o minio.ObjectInfo) bool {
		name := strings.TrimPrefix(o.Key, prefix)
		if !strings.Contains(name, "/") && opts.wants(name) {
			folder.Objects = append(folder.Objects, Found{Name: name, Size: o.Size, Modified: o.LastModified})
		}
		return true
	})
	return folder, err
}
