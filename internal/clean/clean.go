// Package clean makes a copy of a disk without what must not be in an image that others get: keys of hosts and people,
// histories, logs, the state of cloud-init and all else that the machine has left behind that the image was made on.
//
// What goes is said by a table of places, each with the rule of package audit that it is about. Files are told by their
// own names, never through links. What the table does not know stays, and is for the audit of the copy to find.
//
// File systems are not changed but made anew from their files, at the same place and with the same UUID and label, so
// that nothing of what was deleted, before or now, is in the copy. Of the rest of the disk the copy has the partition
// table, what boot loaders have in front of and in their partitions, and file systems of other kinds as they are; swap
// space is empty, and what no partition has is zeros.
package clean

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"amiforge/internal/auditimage"
)

// Options say what is done.
type Options struct {
	// Keep tells whether what a rule is about stays at path, which is that of the audit's findings. Nil keeps nothing.
	Keep func(rule, path string) bool

	// Upgrade allows file systems to be written as ext4 that are older, or lack features of it.
	Upgrade bool

	Time     time.Time     // of what is changed, and of the new file systems
	Progress func(n int64) // called with the bytes of content that each step took
}

// A Result is what Copy has done.
type Result struct {
	Changes []Change
	Notes   []string // what is to be known about the copy
}

// Copy writes a cleaned copy of src to dst, which must be as long and read as zeros where nothing was written. image is
// what is open of src. It is an error if there is anything on src that cannot be read, or not be made anew.
func Copy(ctx context.Context, dst io.WriterAt, src auditimage.Disk, image *auditimage.Image, opts Options) (*Result, error) {
	if opts.Keep == nil {
		opts.Keep = func(string, string) bool { return false }
	}
	c := &copier{ctx: ctx, dst: dst, src: src, image: image, opts: opts, places: newPlaces(), result: &Result{Changes: []Change{}}}
	if err := c.check(); err != nil {
		return nil, err
	}
	for _, step := range []func() error{c.frame, c.partitions, c.fileSystems} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	c.noteLoaders()
	c.noteHostKeys()
	c.noteSwapFiles()
	return c.result, nil
}

// A copier is a copy in the making.
type copier struct {
	ctx    context.Context
	dst    io.WriterAt
	src    auditimage.Disk
	image  *auditimage.Image
	opts   Options
	places *places
	result *Result
}

// ErrOld is in the chain of the error about a file system that Options.Upgrade would allow to be written.
var ErrOld = errors.New("it would be written as ext4 of today, which its system may not know")

// check refuses what cannot be copied, before anything is written.
func (c *copier) check() error {
	if err := checkOverlaps(c.image); err != nil {
		return err
	}
	for _, u := range c.image.Unread {
		return fmt.Errorf("%s: %s: what is not read cannot be cleaned", u.Path[1:], u.Error)
	}
	for _, v := range c.image.Volumes() {
		if v.Ext == nil {
			continue
		}
		if err := c.checkFeatures(v); err != nil {
			return fmt.Errorf("%s: %w", v.Name, err)
		}
	}
	return nil
}

// checkOverlaps refuses a disk of which two file systems have one place: what is written to the one destroys the other.
func checkOverlaps(image *auditimage.Image) error {
	parts := byStart(image.Disk())
	for i, p := range parts[:max(len(parts)-1, 0)] {
		if next := parts[i+1]; p.End() > next.Start {
			return fmt.Errorf("partitions %d and %d overlap", p.Index, next.Index)
		}
	}
	for _, v := range image.Volumes() {
		if v.Ext != nil && len(parts) > 0 && v.Start < parts[0].Start {
			return fmt.Errorf("%s is a file system, and has partitions in it", v.Name)
		}
	}
	return nil
}

func (c *copier) notef(format string, args ...any) {
	c.result.Notes = append(c.result.Notes, fmt.Sprintf(format, args...))
}
