package diskimg_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"amiforge/diskimg"
)

// A newFile is the simplest Target: a file that was empty, where all that is not written is a hole.
type newFile struct{ *os.File }

// Zero makes the file longer where the hole is its end.
func (f newFile) Zero(off, n int64) error {
	info, err := f.Stat()
	if err != nil || info.Size() >= off+n {
		return err
	}
	return f.Truncate(off + n)
}

// Convert a disk file of any format into the VMDK that VMware imports.
func ExampleCopy() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	raw, vmdk := filepath.Join(dir, "disk.raw"), filepath.Join(dir, "disk.vmdk")
	if err := os.WriteFile(raw, bytes.Repeat([]byte("disk"), 1<<20), 0o600); err != nil {
		log.Fatal(err)
	}
	if err := convert(context.Background(), raw, vmdk); err != nil {
		log.Fatal(err)
	}
	d, err := diskimg.OpenFile(vmdk, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	fmt.Println(d.Info().Subformat, d.Size())
	// Output: streamOptimized 4194304
}

func convert(ctx context.Context, from, to string) error {
	d, err := diskimg.OpenFile(from, nil)
	if err != nil {
		return err
	}
	defer d.Close()
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer f.Close()
	opts := &diskimg.CreateOptions{Format: diskimg.VMDK, Subformat: diskimg.StreamOptimized, Name: filepath.Base(to)}
	if err := diskimg.Copy(ctx, newFile{f}, d, opts); err != nil {
		return err
	}
	return f.Close()
}

// Make a dynamic VHD of what a stream holds; its length must be known. Runs of zeros in it take no room.
func ExampleCreate() {
	const size = 8 << 20
	stream := io.MultiReader(bytes.NewReader(make([]byte, 5<<20)), bytes.NewReader(bytes.Repeat([]byte("disk"), 3<<18)))

	f, err := os.CreateTemp("", "disk-*.vhd")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	w, err := diskimg.Create(context.Background(), newFile{f}, size, &diskimg.CreateOptions{Format: diskimg.VHD})
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	if _, err := io.Copy(io.NewOffsetWriter(w, 0), stream); err != nil {
		log.Fatal(err)
	}
	if err := w.Finish(); err != nil {
		log.Fatal(err)
	}

	d, err := diskimg.OpenFile(f.Name(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	for e, err := range d.Extents() {
		fmt.Println(e.Offset, e.Length, err)
	}
	// Output: 4194304 4194304 <nil>
}
