package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"amiforge/diskimg"
	"amiforge/internal/cli"
	"amiforge/internal/export"
	"amiforge/internal/store"
)

// A destination is where an image is written to.
type destination struct {
	path   string         // of a file or device; "-" is standard output, "" an object in a bucket
	bucket store.Location // of the object
	object string
}

// destination returns what -o says, for an image of the given name and format.
func (o *options) destination(name string, format diskimg.Format) (destination, error) {
	own := name + "." + string(format)
	if strings.Contains(o.output, "://") {
		return o.object(own)
	}
	info, err := os.Stat(o.output)
	switch slash := strings.HasSuffix(o.output, "/"); {
	case slash && errors.Is(err, fs.ErrNotExist):
		return destination{}, fmt.Errorf("%s: make the directory first: %w", o.output, syscall.ENOENT)
	case slash:
		return destination{path: filepath.Join(o.output, own)}, nil
	case err == nil && info.IsDir():
		return destination{}, cli.Usagef("%s is a directory: write %s/ for %s in it", o.output, o.output, own)
	}
	return destination{path: o.output}, nil
}

// object returns the object that -o names.
func (o *options) object(own string) (destination, error) {
	loc, err := store.ParseLocation(o.output)
	switch {
	case err != nil:
		return destination{}, cli.Usagef("-o: %w", err)
	case strings.HasSuffix(o.output, "/"):
		return destination{bucket: loc, object: own}, nil
	case loc.Prefix == "":
		return destination{}, cli.Usagef("-o %s: name an object, or write %s/ for %s in it", o.output, o.output, own)
	}
	loc, name, err := store.SplitObject(o.output)
	if err != nil {
		return destination{}, cli.Usagef("-o: %w", err)
	}
	return destination{bucket: loc, object: name}, nil
}

// String returns the location as a user would type it.
func (d destination) String() string {
	if d.path == "" {
		return d.bucket.Object(d.object)
	}
	return d.path
}

// name returns the name of the image file, for what has it inside; own if it goes down a pipe.
func (d destination) name(own string) string {
	switch d.path {
	case "-":
		return own
	case "":
		return d.object
	}
	return filepath.Base(d.path)
}

// create begins the image.
func (d destination) create(ctx context.Context, e *cli.Env, job *export.Job, o *options) (cli.Image, error) {
	switch d.path {
	case "-":
		return cli.StdoutImage(ctx, e)
	case "":
		return store.NewUpload(ctx, d.bucket, d.object, e.StoreConfig(), &store.UploadOptions{
			Size: job.Layout.FileSize, Limit: job.Limit(), Head: job.Layout.Head, Replace: o.force,
		})
	}
	return cli.CreateImage(d.path, job.Layout.FileSize, cli.FileOptions{Force: o.force, NoSync: o.noSync})
}

// ended adds to err, which ended the writing of im, what is left of it; closed is what closing it came to.
func (d destination) ended(ctx context.Context, im cli.Image, err, closed error) error {
	if spoiled := cli.Spoiled(im, err); spoiled != err {
		return errors.Join(spoiled, closed)
	}
	if d.path == "-" || ctx.Err() == nil || closed != nil || errors.Is(err, store.ErrUnknown) {
		return errors.Join(err, closed)
	}
	return fmt.Errorf("%w\nnothing is left of it: %s is as it was before", err, d)
}

// size returns the length of the file that was written, or -1 where it is not known.
func (d destination) size(layout diskimg.Layout) (int64, error) {
	if layout.FileSize >= 0 || d.path == "" || d.path == "-" {
		return layout.FileSize, nil
	}
	info, err := os.Stat(d.path)
	if err != nil || !info.Mode().IsRegular() {
		return -1, errors.Join(err)
	}
	return info.Size(), nil
}
