package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"amiforge/bundle"
	"amiforge/diskimg"
	"amiforge/internal/cli"
	"amiforge/internal/sparse"
)

func (o *options) checkFormat() error {
	o.sourceFormat = strings.ToLower(o.sourceFormat)
	switch o.sourceFormat {
	case "", "raw":
	case "vhd", "vmdk":
		if o.image == "-" {
			return cli.Usagef("--source-format %s: standard input is raw", o.sourceFormat)
		}
	default:
		return cli.Usagef("--source-format %q: want raw, vhd or vmdk", o.sourceFormat)
	}
	return nil
}

// openImage opens what is to be bundled, and returns what to close after it.
func (o *options) openImage(ctx context.Context, e *cli.Env) (*bundle.Image, io.Closer, error) {
	if o.image == "-" {
		im := bundle.NewImage(o.stdin(e), o.size, nil)
		return im, im, nil
	}
	d, err := o.openDisk(e)
	if err != nil {
		return nil, nil, err
	}
	if d != nil {
		o.aboutDisk(e, d)
		return o.diskImage(ctx, d)
	}
	im, err := bundle.OpenImage(ctx, o.image, &bundle.ImageOptions{Size: o.size, NoScan: o.noScan})
	return im, im, err
}

// openDisk opens an image that is a VHD or VMDK file. It returns nil for one that is bundled as it is: devices and
// pipes, RAW, and what is no disk at all, such as a compressed kernel.
func (o *options) openDisk(e *cli.Env) (*diskimg.Disk, error) {
	info, err := os.Stat(o.image)
	if o.sourceFormat == "raw" || err != nil || o.sourceFormat == "" && !info.Mode().IsRegular() {
		return nil, nil // what is wrong, OpenImage tells
	}
	d, err := diskimg.OpenFile(o.image, &diskimg.OpenOptions{Format: diskimg.Format(o.sourceFormat)})
	switch {
	case errors.Is(err, diskimg.ErrNotDisk) && o.sourceFormat == "":
		if isArchive(o.image) {
			e.Warnf("%s is bundled as it is, and is no disk; --volume %s makes a root volume of an archive", o.image, o.image)
		}
		return nil, nil
	case errors.Is(err, diskimg.ErrUnsupported), errors.Is(err, diskimg.ErrDamaged):
		return nil, fmt.Errorf("%w\n--source-format raw bundles the file as it is", err)
	case err != nil:
		return nil, err
	case d.Info().Format == diskimg.RAW:
		return nil, d.Close()
	}
	return d, nil
}

// isArchive tells the name of a tar archive.
func isArchive(name string) bool {
	base := strings.ToLower(filepath.Base(name))
	return strings.HasSuffix(base, ".tgz") || strings.HasSuffix(base, ".tar") || strings.Contains(base, ".tar.")
}

// aboutDisk warns of what is odd about the disk, and keeps what is to be said in the end.
func (o *options) aboutDisk(e *cli.Env, d *diskimg.Disk) {
	info := d.Info()
	o.note = fmt.Sprintf("%s is %s (%s): the disk in it, %s, is bundled", o.image, info.Format, info.Subformat, cli.Bytes(info.Size))
	for _, w := range info.Warnings {
		e.Warnf("%s: %s", o.image, w)
	}
}

// diskImage returns the content of a disk as an image. Where the tables know of no hole, a first pass looks for
// zeros, as it does in RAW files.
func (o *options) diskImage(ctx context.Context, d *diskimg.Disk) (*bundle.Image, io.Closer, error) {
	extents, err := o.dataOf(ctx, d)
	if err == nil && o.size != 0 && o.size != d.Size() {
		err = fmt.Errorf("%s: the disk in it is %s long, not %s", o.image, cli.Bytes(d.Size()), cli.Bytes(o.size))
	}
	if err != nil {
		d.Close()
		return nil, nil, err
	}
	r := d.NewReader(ctx)
	return bundle.NewImageFrom(diskSource{r, o.image}, d.Size(), extents), closers{r, d}, nil
}

func (o *options) dataOf(ctx context.Context, d *diskimg.Disk) ([]bundle.Extent, error) {
	var extents []bundle.Extent
	for e, err := range d.Extents() {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.image, err)
		}
		extents = append(extents, bundle.Extent(e))
	}
	if o.noScan || sparse.Length(extents) < d.Size() {
		return extents, nil
	}
	found, err := d.Map(ctx, scanUnit)
	if err != nil {
		return nil, fmt.Errorf("%s: look for zero blocks: %w", o.image, err)
	}
	extents = nil
	for _, e := range found {
		extents = append(extents, bundle.Extent(e))
	}
	return extents, nil
}

// scanUnit is the length of the blocks of zeros that are looked for, in bytes: shorter holes are not kept in a
// bundle.
const scanUnit = 64 << 10

// diskSource is a disk with the extents of package bundle, and errors that name its file.
type diskSource struct {
	*diskimg.Reader
	path string
}

func (s diskSource) Next() (bundle.Extent, error) {
	e, err := s.Reader.Next()
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s: %w", s.path, err)
	}
	return bundle.Extent(e), err
}

// closers are closed in their order.
type closers []io.Closer

func (c closers) Close() error {
	var errs []error
	for _, one := range c {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}
