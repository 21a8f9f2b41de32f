// Package auditimage opens what an audit looks at: the disk of an image, with the file systems that are on it put
// together as its machine would mount them, or a directory.
//
// Everything on the disk is accounted for. A partition whose file system cannot be read is in Image.Unread; what is no
// file system, as swap space is not, and what no partition has, is handed to the audit as free space, in which secrets
// may be as well. The disk is only read.
package auditimage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"

	"amiforge/diskimg"
	"amiforge/diskimg/inspect"
	"amiforge/internal/audit"
	"amiforge/internal/rootfs"
)

// A Disk is what an image is opened from. A *diskimg.Disk is one.
type Disk interface {
	io.ReaderAt
	Size() int64

	// Extents yields where the disk may have data, ascending.
	Extents() iter.Seq2[diskimg.Extent, error]
}

// An Image is an image that is open. It must be closed.
type Image struct {
	Systems []System
	Unread  []audit.Unread // the partitions that cannot be read
	Notes   []string       // what was passed over, and what is odd

	free    []audit.FreeSpace
	disk    *inspect.Report // nil for a directory
	maxRead int64           // bytes, for audit.Image
	volumes []*volume
	closers []io.Closer
}

// A System is one tree of files with a system in it. A disk that updates itself has two, of which one runs.
type System struct {
	// Prefix is what its findings have in front of their paths, "" for the first: /partition 3.
	Prefix string
	Root   *rootfs.Root

	base   fs.FS // of Root, without what is mounted
	mounts []mounted
}

type mounted struct {
	at   string
	fsys fs.FS
}

// ErrNothing is the error of a disk on which there is no file system.
var ErrNothing = errors.New("there is no file system to look into")

// OpenDirectory opens a tree of files on this machine.
func OpenDirectory(path string) (*Image, error) {
	dir, err := rootfs.Dir(path)
	if err != nil {
		return nil, err
	}
	return &Image{Systems: []System{{Root: rootfs.New(dir)}}, closers: []io.Closer{dir}}, nil
}

// HasSystem tells whether there is anything in the image that looks like the root of a system.
func (m *Image) HasSystem() bool {
	for _, system := range m.Systems {
		for _, name := range []string{"etc", "usr", "bin"} {
			if there, err := system.Root.Exists(name); there || err != nil {
				return true // what cannot be read, the audit names
			}
		}
	}
	return false
}

// nothing tells whether the image has no files at all, as a directory has on which nothing was mounted: to call it clean
// would say something about an image that is elsewhere.
func (m *Image) nothing() bool {
	for _, system := range m.Systems {
		list, err := system.Root.ReadDir(".")
		if err != nil || slices.ContainsFunc(list, func(d fs.DirEntry) bool { return d.Name() != "lost+found" }) {
			return false
		}
	}
	return true
}

// Close releases what the image holds, not the disk.
func (m *Image) Close() error {
	var errs []error
	for _, c := range m.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// Facts are what is known of an image beside its content.
type Facts struct {
	Virtualization string // hvm or paravirtual
	Architecture   string
	Meta           *audit.Metadata // nil if it is not registered
}

// Audit runs the audit on all systems of the image and returns one report. What is Unread is in it, and then the error is
// audit.ErrUnread.
func (m *Image) Audit(ctx context.Context, facts Facts, opts audit.Options) (*audit.Report, error) {
	var all *audit.Report
	for i, system := range m.Systems {
		image := &audit.Image{
			Root: system.Root, Disk: m.disk, MaxRead: m.maxRead,
			Virtualization: facts.Virtualization, Architecture: facts.Architecture, Meta: facts.Meta,
		}
		run := opts
		if i == 0 {
			image.Free = m.free
		} else {
			image.Meta = nil // said once
			run.Allow = below(system.Prefix, opts.Allow)
			run.Progress = after(all, opts.Progress)
		}
		report, err := audit.Run(ctx, image, &run)
		if report == nil {
			return nil, err
		}
		all = join(all, report, system.Prefix)
	}
	all.Unread = append(m.Unread, all.Unread...)
	if m.nothing() {
		all.Unread = append(all.Unread, audit.Unread{Path: "/", Error: "there are no files: is the image mounted elsewhere?"})
	}
	if len(all.Unread) > 0 {
		first := all.Unread[0]
		return all, fmt.Errorf("%w: %s: %s (%d in all)", audit.ErrUnread, first.Path, first.Error, len(all.Unread))
	}
	return all, nil
}
