package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"amiforge/diskimg"
	"amiforge/internal/auditing"
	"amiforge/internal/cli"
	"amiforge/internal/registry"
)

// open opens what is to be audited. object is the manifest, if it is a bundle.
func (o *options) open(ctx context.Context, e *cli.Env) (source *auditing.Source, object cli.Object, err error) {
	switch {
	case o.volume != "":
		source, err = auditing.OpenDirectory(o.volume)
		return source, object, err
	case cli.IsImageID(o.source):
		return o.openImage(ctx, e)
	case strings.Contains(o.source, "://") && !strings.HasPrefix(o.source, "s3://"):
		return nil, object, cli.Usagef("%s: only files, devices, s3:// manifests and AMI IDs are read; download it first", o.source)
	case cli.IsManifest(o.source):
		if object, err = cli.OpenObject(ctx, o.source, e.StoreConfig()); err == nil {
			source, err = o.openBundle(ctx, e, object, nil)
		}
		return source, object, err
	case strings.HasPrefix(o.source, "s3://"):
		return nil, object, cli.Usagef("%s: disk images in a bucket are not read; download it first (a bundle is named by its manifest, s3://bucket/prefix/image.manifest.xml)", o.source)
	case o.source == "-":
		return nil, object, cli.Usagef("a disk cannot be read from standard input: give a file, a bundle's manifest or an AMI ID")
	}
	source, err = o.openFile(e)
	return source, object, err
}

func (o *options) openFile(e *cli.Env) (*auditing.Source, error) {
	if isDirectory(o.source) {
		return nil, cli.Usagef("%s is a directory: --volume %s audits the tree in it", o.source, o.source)
	}
	disk, err := diskimg.OpenFile(o.source, &diskimg.OpenOptions{Format: diskimg.Format(o.sourceFormat)})
	if (errors.Is(err, diskimg.ErrNotDisk) || errors.Is(err, diskimg.ErrMisnamed)) && o.sourceFormat == "" {
		return nil, fmt.Errorf("%w\n--source-format raw takes the file as it is", err)
	}
	if err != nil {
		return nil, err
	}
	for _, w := range disk.Info().Warnings {
		e.Warnf("%s: %s", o.source, w)
	}
	return auditing.OpenDisk(o.source, disk)
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// openImage opens the bundle of a registered image.
func (o *options) openImage(ctx context.Context, e *cli.Env) (*auditing.Source, cli.Object, error) {
	image, err := cli.FindImage(ctx, e, o.source)
	if err != nil {
		return nil, cli.Object{}, err
	}
	if err := auditing.HasBundle(image); err != nil {
		return nil, cli.Object{}, fmt.Errorf("%s: %w", image.ID, err)
	}
	object, err := cli.OpenImageBundle(ctx, e, image)
	if err != nil {
		return nil, object, err
	}
	source, err := o.openBundle(ctx, e, object, &image)
	return source, object, err
}

// openBundle opens the bundle whose manifest object is, which is that of a registered image if image is not nil.
func (o *options) openBundle(ctx context.Context, e *cli.Env, object cli.Object, image *registry.Image) (*auditing.Source, error) {
	open, err := o.Options(ctx, e)
	if err != nil {
		return nil, err
	}
	b, err := cli.OpenBundle(ctx, e, object, open)
	if err != nil {
		return nil, err
	}
	if image != nil {
		if err := cli.CheckRegistered(*image, object, b); err != nil {
			return nil, err
		}
	}
	if size := b.Manifest.Image.Size; size > o.maxSize {
		return nil, fmt.Errorf("%s: the disk claims to be %s long, more than --max-size %s", object, cli.Bytes(size), cli.FormatSize(o.maxSize))
	}
	return auditing.OpenBundle(ctx, e, object, b, image)
}

// refuseOutput is a usage error where the report, or the copy, would take the place of what it is about.
func (o *options) refuseOutput(source *auditing.Source, object cli.Object) error {
	switch {
	case o.output == "" || o.volume != "":
		return nil
	case cli.IsBundle(o.source):
		return o.RefuseBundle(o.output, object, source.Parts())
	}
	inputs := []string{o.source}
	for _, name := range source.Files() {
		inputs = append(inputs, filepath.Join(filepath.Dir(o.source), name))
	}
	return cli.RefuseInputs(o.output, inputs...)
}
