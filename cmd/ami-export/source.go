package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"amiforge/diskimg"
	"amiforge/internal/cli"
	"amiforge/internal/export"
	"amiforge/internal/registry"
)

// A source is a disk that a command line names.
type source struct {
	export.Content
	location string                  // of the file or of the manifest
	name     string                  // what an image of it is called
	image    string                  // the AMI ID, if it was given
	refuse   func(path string) error // a path that leads to what it is made from
}

// bundleLimit is the default of --max-size for bundles, in bytes.
const bundleLimit = 1 << 40

// open opens the disk that arg names.
func (o *options) open(ctx context.Context, e *cli.Env, arg string) (*source, error) {
	switch {
	case cli.IsImageID(arg):
		return o.openImage(ctx, e, arg)
	case strings.Contains(arg, "://") && !strings.HasPrefix(arg, "s3://"):
		return nil, cli.Usagef("%s: only files, devices, s3:// manifests and AMI IDs are read; download it first", arg)
	case cli.IsManifest(arg):
		return o.openBundle(ctx, e, arg, nil)
	case strings.HasPrefix(arg, "s3://"):
		return nil, cli.Usagef("%s: disk images in a bucket are not read; download it first (a bundle is named by its manifest, s3://bucket/prefix/image.manifest.xml)", arg)
	case arg == "-":
		return nil, cli.Usagef("a disk cannot be read from standard input: give a file, a bundle's manifest or an AMI ID")
	}
	return o.openFile(e, arg)
}

func (o *options) openFile(e *cli.Env, path string) (*source, error) {
	f, err := export.OpenFile(path, diskimg.Format(o.sourceFormat))
	if (errors.Is(err, diskimg.ErrNotDisk) || errors.Is(err, diskimg.ErrMisnamed)) && o.sourceFormat == "" {
		return nil, fmt.Errorf("%w\n--source-format raw takes the file as it is", err)
	}
	if err != nil {
		return nil, o.otherFormat(path, err)
	}
	if err := o.refuseSize(path, f); err != nil {
		f.Close()
		return nil, err
	}
	info := f.Disk().Info()
	for _, w := range o.warnings(info) {
		e.Warnf("%s: %s", path, w)
	}
	inputs := []string{path}
	for _, name := range info.Files {
		inputs = append(inputs, filepath.Join(filepath.Dir(path), name))
	}
	return &source{
		Content: f, location: path, name: baseName(path),
		refuse: func(out string) error { return cli.RefuseInputs(out, inputs...) },
	}, nil
}

// refuseSize refuses a file that is larger than --max-size, or has nothing in it, as those of /proc seem to have.
func (o *options) refuseSize(path string, f *export.File) error {
	switch {
	case o.maxSize > 0 && f.Size() > o.maxSize:
		return tooLarge(path, f.Size(), o.maxSize)
	case f.Disk().Info().FileSize > 0 || o.info:
		return nil
	}
	verb := strings.TrimPrefix(o.mode(), "--")
	if verb == "" {
		verb = "export"
	}
	return fmt.Errorf("%s is empty: there is nothing to %s", path, verb)
}

// warnings returns what is to be said of a file that is opened. --info has it in what it prints.
func (o *options) warnings(info diskimg.Info) []string {
	if o.info {
		return nil
	}
	return info.Warnings
}

// baseName returns a file's name without its directory, and without the suffix that tells its format.
func baseName(path string) string {
	name := filepath.Base(path)
	if suffixFormat(name) == "" {
		return name
	}
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// openImage opens the bundle of a registered image.
func (o *options) openImage(ctx context.Context, e *cli.Env, id string) (*source, error) {
	if err := o.needKey(); err != nil {
		return nil, err
	}
	image, err := cli.FindImage(ctx, e, id)
	if err != nil {
		return nil, err
	}
	return o.openBundle(ctx, e, image.Location, &image)
}

// openObject opens the store that the manifest is in: an image's in the image's region.
func (o *options) openObject(ctx context.Context, e *cli.Env, location string, image *registry.Image) (cli.Object, error) {
	if image != nil {
		return cli.OpenImageBundle(ctx, e, *image)
	}
	return cli.OpenObject(ctx, location, e.StoreConfig())
}

// openBundle opens the bundle with the manifest at location, which is that of a registered image if image is not
// nil.
func (o *options) openBundle(ctx context.Context, e *cli.Env, location string, image *registry.Image) (*source, error) {
	if err := o.needKey(); err != nil {
		return nil, err
	}
	open, err := o.Options(ctx, e)
	if err != nil {
		return nil, err
	}
	object, err := o.openObject(ctx, e, location, image)
	if err != nil {
		return nil, err
	}
	b, err := cli.OpenBundle(ctx, e, object, open)
	if err != nil {
		return nil, err
	}
	name, id := b.Manifest.Image.Name, ""
	if image != nil {
		name, id = image.ID, image.ID
		if err := cli.CheckRegistered(*image, object, b); err != nil {
			return nil, err
		}
	}
	limit := o.maxSize
	if limit == 0 {
		limit = bundleLimit
	}
	if size := b.Manifest.Image.Size; size > limit {
		return nil, tooLarge(object.String(), size, limit)
	}
	return &source{
		Content: export.NewBundle(b, object.String()), location: object.String(), name: name, image: id,
		refuse: func(out string) error { return o.RefuseBundle(out, object, b.Manifest.Image.Parts) },
	}, nil
}

func (o *options) needKey() error {
	switch {
	case o.Key == "":
		return cli.Usagef("-k KEY is needed: the private key that opens the bundle")
	case o.sourceFormat != "" && o.sourceFormat != string(diskimg.RAW):
		return cli.Usagef("--source-format %s: what is in a bundle is raw", o.sourceFormat)
	}
	return nil
}

func tooLarge(location string, size, limit int64) error {
	return fmt.Errorf("%s: the disk claims to be %s long, more than --max-size %s", location, cli.Bytes(size), cli.FormatSize(limit))
}

// named says which disk file is not as it should be, where err is of what is in it or of where it ends.
func (s *source) named(err error) error {
	_, ok := errors.AsType[*diskimg.Error](err)
	if ok || errors.Is(err, diskimg.ErrTruncated) {
		return fmt.Errorf("%s: %w", s.location, err)
	}
	return err
}
