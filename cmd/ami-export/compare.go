package main

import (
	"context"
	"fmt"
	"io"

	"amiforge/bundle"
	"amiforge/diskimg"
	"amiforge/internal/cli"
)

// A differenceError says that two disks differ. It is a failed verification.
type differenceError struct {
	text  string
	first int64 // the offset of the first difference
	sizes []int64
}

func (d differenceError) Error() string { return d.text }

// Detail adds what --json prints where the two are the same.
func (d differenceError) Detail(o cli.ErrorObject) any {
	return struct {
		cli.ErrorObject
		Same            bool    `json:"same"`
		FirstDifference int64   `json:"firstDifference"`
		VirtualSizes    []int64 `json:"virtualSizes"`
	}{o, false, d.first, d.sizes}
}

func (d differenceError) Is(target error) bool { return target == bundle.ErrVerify }

// runCompare tells whether two disks have the same content, as qemu-img does: where one is longer, it may go on
// with zeros.
func (o *options) runCompare(ctx context.Context, e *cli.Env) error {
	a, err := o.open(ctx, e, o.sources[0])
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := o.open(ctx, e, o.sources[1])
	if err != nil {
		return err
	}
	defer b.Close()
	off, err := compare(ctx, e, a, b)
	if err != nil {
		return err
	}
	sizes := ""
	if a.Size() != b.Size() {
		sizes = fmt.Sprintf("; the one has %d bytes, the other %d", a.Size(), b.Size())
	}
	if off >= 0 {
		text := fmt.Sprintf("%s and %s differ, first at byte %d%s", a.location, b.location, off, sizes)
		return differenceError{text, off, []int64{a.Size(), b.Size()}}
	}
	if sizes != "" {
		sizes += ", the rest is zero"
	}
	e.Notef("%s and %s have the same content%s", a.location, b.location, sizes)
	return e.Result("", map[string]any{
		"sources": []string{a.location, b.location}, "same": true, "virtualSizes": []int64{a.Size(), b.Size()},
	})
}

// compare returns the offset of the first difference, or -1.
func compare(ctx context.Context, e *cli.Env, a, b *source) (int64, error) {
	one, err := a.Source(ctx)
	if err != nil {
		return -1, a.named(err)
	}
	defer one.Close()
	other, err := b.Source(ctx)
	if err != nil {
		return -1, b.named(err)
	}
	defer other.Close()
	progress := e.Progress("compare", a.Size())
	defer progress.Done()
	return diskimg.Compare(
		&watched{Source: one, source: a, advance: progress.Add},
		&watched{Source: other, source: b, advance: func(int64) {}},
	)
}

// watched is a Source that tells how far it has come, and whose errors name its disk.
type watched struct {
	diskimg.Source
	source  *source
	advance func(n int64)
	end     int64 // of what was told
}

func (w *watched) Next() (diskimg.Extent, error) {
	e, err := w.Source.Next()
	switch err {
	case nil:
		w.reach(e.Offset)
	case io.EOF:
		w.reach(w.source.Size())
	}
	return e, w.source.named(err)
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Source.Read(p)
	w.reach(w.end + int64(n))
	return n, w.source.named(err)
}

// reach tells that all up to the byte off was read.
func (w *watched) reach(off int64) {
	w.advance(off - w.end)
	w.end = off
}
