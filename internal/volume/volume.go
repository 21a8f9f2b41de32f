// Package volume makes the root volume of an image out of a tree of files: an ext4 file system, bare or in the one
// partition of a disk. Nothing is mounted, and root is not needed.
//
//	Build     writes the volume of a tree
//	Devices   adds the device nodes that a system needs to come up
//	Fstab     the table of a system with this one volume; RootSpec reads such a table
//	ModTimes  leaves out the times that change when files are read
//	Script    runs a user's script, which leaves files for the volume
package volume

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"amiforge/diskimg/ext4"
	"amiforge/diskimg/partition"
	"amiforge/internal/tree"
)

const mib = 1 << 20

// Options say what volume Build makes. Nil means the defaults.
type Options struct {
	Size      int64          // of the volume, in bytes; 0: what the content needs and a quarter
	Partition partition.Kind // mbr or gpt: the file system is the disk's one partition; "": there is none around it
	BootCode  []byte         // as partition.WrapOptions has it; nil: none

	UUID  [16]byte  // of the file system; zero: a random one
	Label string    // of the file system, up to 16 bytes
	Time  time.Time // when the file system was made; zero: now
	Rand  io.Reader // for the UUIDs; nil: crypto/rand

	Progress func(n int64) // called with the bytes of content that were taken since the last call
}

// A Result tells what Build made.
type Result struct {
	Size  int64 // of the volume, in bytes
	Files int64 // and directories, links, …
}

// A SizeError says that the content does not fit into a volume of the given size.
type SizeError struct {
	Size int64 // that was given, in bytes
	Need int64 // that would do, in whole MiB
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("a volume of %d bytes is too small: its content needs %d MiB", e.Size, e.Need/mib)
}

// Build writes the volume of src to w, which must read as zeros where nothing was written, and returns what it made. The
// end of the volume is not written: w must be made as long as Result says. Memory grows with the number of files, by
// some hundred bytes each, and not with their size.
func Build(ctx context.Context, src tree.Source, w io.WriterAt, opts *Options) (*Result, error) {
	if opts == nil {
		opts = &Options{}
	}
	b, dst := &builder{Options: *opts}, &destination{w: w}
	made, err := b.build(ctx, src, dst)
	switch failed := dst.close(); {
	case failed != nil: // without what was being added at that moment, which has nothing to do with it
		return nil, failed
	case err != nil:
		return nil, b.explain(err)
	}
	return made, nil
}

// A destination keeps the error that ended the writing. A write may be under way in a goroutine of the file system's
// writer: close waits for it, and nothing is written after that.
type destination struct {
	w      io.WriterAt
	mu     sync.Mutex
	closed bool
	err    error
}

func (d *destination) WriteAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return 0, fs.ErrClosed
	}
	n, err := d.w.WriteAt(p, off)
	if d.err == nil {
		d.err = err
	}
	return n, err
}

// close ends the writing, and returns the error that had ended it.
func (d *destination) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	return d.err
}

// A builder is a volume in the making.
type builder struct {
	Options
	fs *ext4.Writer
}

func (b *builder) build(ctx context.Context, src tree.Source, w io.WriterAt) (*Result, error) {
	if err := b.begin(w); err != nil {
		return nil, err
	}
	files, err := b.fill(ctx, src)
	if err != nil {
		return nil, err
	}
	size, err := b.fs.Finish()
	if err != nil {
		return nil, err
	}
	size, err = b.wrap(w, size)
	return &Result{Size: size, Files: files}, err
}

func (b *builder) begin(w io.WriterAt) (err error) {
	if b.Partition != "" {
		w = io.NewOffsetWriter(w, mib)
	}
	if err := b.checkTable(); err != nil {
		return err
	}
	b.fs, err = ext4.Create(w, &ext4.CreateOptions{
		Size: b.fileSystemSize(), UUID: b.UUID, Label: b.Label, Time: b.Time, Rand: b.Rand, Progress: b.Progress,
	})
	return err
}

// checkTable tells, before all the work, what partition.Wrap would say of the size and the boot code.
func (b *builder) checkTable() error {
	size := b.fileSystemSize()
	if b.Partition != "" && size >= mib {
		if _, err := partition.Wrap(b.Partition, size, &partition.WrapOptions{BootCode: b.BootCode}); err != nil {
			return err
		}
	}
	if b.BootCode == nil {
		return nil
	}
	return partition.CheckBootCode(b.Partition, b.BootCode)
}

// fileSystemSize returns how large the file system is in a volume of b.Size bytes, or 0 if that is not given. Where there
// is no room for one, it is one that nothing fits into, so that Finish finds out what would do.
func (b *builder) fileSystemSize() int64 {
	const block = 4096
	unit := int64(block)
	if b.Partition != "" {
		unit = mib
	}
	if b.Size == 0 {
		return 0
	}
	return max(b.Size/unit*unit-b.around(), block)
}

// around returns how much of a volume its partition table takes, in bytes.
func (b *builder) around() int64 {
	switch b.Partition {
	case partition.MBR:
		return mib
	case partition.GPT:
		return 2 * mib
	}
	return 0
}

// fill adds all of src to the file system, and returns how many items that are.
func (b *builder) fill(ctx context.Context, src tree.Source) (files int64, err error) {
	for ; ; files++ {
		if ctx.Err() != nil {
			return files, context.Cause(ctx)
		}
		item, err := src.Next()
		switch {
		case err == io.EOF:
			return files, nil
		case err != nil:
			return files, err
		case item.HardLink != "":
			err = b.fs.Link(item.Name, item.HardLink)
		default:
			err = b.fs.Add(&item.Entry, item.Content)
		}
		if err != nil {
			return files, err
		}
	}
}

// explain makes an error about the volume of one about the file system.
func (b *builder) explain(err error) error {
	e, ok := errors.AsType[*ext4.SizeError](err)
	if !ok {
		return err
	}
	need := (e.Need + mib - 1) / mib * mib
	return &SizeError{Size: cmp.Or(b.Size, e.Size), Need: need + b.around()}
}

// wrap puts the partition table around a file system of size bytes, and returns the size of the whole.
func (b *builder) wrap(w io.WriterAt, size int64) (int64, error) {
	if b.Partition == "" {
		return size, nil
	}
	p, err := partition.Wrap(b.Partition, size, &partition.WrapOptions{Rand: b.Rand, BootCode: b.BootCode})
	if err != nil {
		return 0, err
	}
	if _, err := w.WriteAt(bytes.TrimRight(p.Head, "\x00"), 0); err != nil {
		return 0, err
	}
	if len(p.Tail) > 0 {
		_, err = w.WriteAt(p.Tail, p.Size-int64(len(p.Tail)))
	}
	return p.Size, err
}
