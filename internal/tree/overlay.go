package tree

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
)

// OverlayOptions say how Overlay lays a directory over a tree. Nil means the defaults.
type OverlayOptions struct {
	// Latest is the latest time that a file of the directory may have: one that is newer has this. Zero: any.
	Latest time.Time

	// Warn is that of DirOptions.
	Warn func(message string)
}

// Overlay lays the files of the directory path over src: they come at the end, and take the place of what src has under
// their names. Directories that src has stay as they are. A file called .wh.NAME takes NAME out of src, and one called
// .wh..wh..opq all that src has in its directory, as in the layers of containers. All are root's. The names are read first:
// the directory must stay as it is until the end.
//
// Where src has a symbolic link under the name of one of the directories, such as /lib for /usr/lib, Next returns an
// error: the link's target is where the files belong.
func Overlay(ctx context.Context, src Source, path string, opts *OverlayOptions) (Source, error) {
	if opts == nil {
		opts = &OverlayOptions{}
	}
	l := &layer{path: path, dirs: map[string]bool{}, files: map[string]bool{}, gone: map[string]bool{}, opaque: map[string]bool{}}
	if err := l.read(ctx); err != nil {
		return nil, err
	}
	top, err := OpenDir(ctx, path, &DirOptions{Warn: opts.Warn})
	if err != nil {
		return nil, err
	}
	below := newRemover(&underLayer{src, l}, l.covers)
	return &overlay{below: below, top: top, layer: l, seen: map[string]bool{}, opts: *opts}, nil
}

// A layer is what a directory has for a tree, by names.
type layer struct {
	path        string
	dirs, files map[string]bool
	gone        map[string]bool // what is taken out
	opaque      map[string]bool // the directories of which all is
}

const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

func (l *layer) read(ctx context.Context) error {
	src, err := OpenDir(ctx, l.path, nil)
	if err != nil {
		return err
	}
	defer src.Close()
	for {
		item, err := src.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		l.add(item)
	}
}

func (l *layer) add(item *Item) {
	dir, base := split(item.Name)
	name, out := strings.CutPrefix(base, whiteout)
	switch {
	case base == opaque:
		l.opaque[dir] = true
	case out:
		l.gone[join(dir, name)] = true
	case item.Mode.IsDir():
		l.dirs[item.Name] = true
	default:
		l.files[item.Name] = true
	}
}

// split returns the directory of name, "." for the root, and its last part.
func split(name string) (dir, base string) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return ".", name
	}
	return name[:i], name[i+1:]
}

// covers tells whether what the tree has under name goes.
func (l *layer) covers(name string, dir bool) bool {
	if name == "." || dir && l.dirs[name] && !l.coversBelow(name) {
		return false
	}
	return l.files[name] || l.dirs[name] || l.gone[name] || l.coversBelow(name)
}

// coversBelow tells whether name is below something that goes.
func (l *layer) coversBelow(name string) bool {
	for name != "." {
		name, _ = split(name)
		if l.opaque[name] || l.files[name] || l.gone[name] {
			return true
		}
	}
	return false
}

// An underLayer is the tree that a layer goes over.
type underLayer struct {
	Source
	layer *layer
}

func (u *underLayer) Next() (*Item, error) {
	item, err := u.Source.Next()
	if err != nil {
		return nil, err
	}
	if item.Mode.Type() == fs.ModeSymlink && u.layer.dirs[item.Name] && !u.layer.gone[item.Name] && !u.layer.coversBelow(item.Name) {
		return nil, fmt.Errorf("%s/%s would take the place of the symbolic link /%s to %s: put its files where that points to", u.layer.path, item.Name, item.Name, item.Link)
	}
	return item, nil
}

// An overlay gives what is below, and then what is on top.
type overlay struct {
	below, top Source
	layer      *layer
	seen       map[string]bool // the directories of the layer that the tree below has
	opts       OverlayOptions
	ended      bool // the tree below is
}

func (o *overlay) Next() (*Item, error) {
	if !o.ended {
		item, err := o.below.Next()
		if err == nil && o.layer.dirs[item.Name] {
			o.seen[item.Name] = true
		}
		if err != io.EOF {
			return item, err
		}
		o.ended = true
	}
	for {
		item, err := o.top.Next()
		if err != nil {
			return nil, err
		}
		if o.isDone(item.Name) {
			continue
		}
		o.settle(item)
		return item, nil
	}
}

// settle makes an item of the directory one of the tree.
func (o *overlay) settle(item *Item) {
	item.UID, item.GID = 0, 0
	if latest := o.opts.Latest; !latest.IsZero() && item.ModTime.After(latest) {
		item.ModTime = latest
	}
}

// isDone tells whether what the layer has under name is nothing to give.
func (o *overlay) isDone(name string) bool {
	_, base := split(name)
	return o.seen[name] || name == "." || strings.HasPrefix(base, whiteout)
}

func (o *overlay) Close() error {
	err := o.top.Close()
	if e := o.below.Close(); e != nil {
		err = e
	}
	return err
}
