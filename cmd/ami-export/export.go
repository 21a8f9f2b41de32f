package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"

	"amiforge/diskimg"
	"amiforge/internal/cli"
	"amiforge/internal/export"
)

// runExport writes an image.
func (o *options) runExport(ctx context.Context, e *cli.Env) error {
	chosen, err := o.choose(e)
	if err != nil {
		return err
	}
	src, err := o.open(ctx, e, o.sources[0])
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := o.destination(src.name, chosen.format)
	if err != nil {
		return err
	}
	if err := src.refuse(dst.String()); err != nil {
		return err
	}
	create, err := o.createOptions(e, chosen, src, dst)
	if err != nil {
		return err
	}
	content, done, err := o.shape(e, src, chosen, create)
	if err != nil {
		return err
	}
	x := &exporting{options: o, source: src, chosen: chosen, dst: dst, content: content, done: done}
	if err := x.prepare(ctx, e, create); err != nil {
		return src.named(err)
	}
	if err := x.write(ctx, e); err != nil {
		return src.named(err)
	}
	return x.result(e)
}

// createOptions returns the options that do not depend on the disk's final size.
func (o *options) createOptions(e *cli.Env, c choice, src *source, dst destination) (*diskimg.CreateOptions, error) {
	at, given, err := e.SourceDate()
	if err != nil {
		return nil, err
	}
	create := &diskimg.CreateOptions{
		Format: c.format, Subformat: c.subformat, Level: o.level, Workers: o.jobs,
		Name: dst.name(src.name + "." + string(c.format)), Time: at,
	}
	if given {
		create.Rand = export.Random(at, src.Size(), c.format, c.subformat, create.Name)
	}
	return create, nil
}

// shape gives the disk its final size and partition table. done is what there is to say of it once it is so.
func (o *options) shape(e *cli.Env, src *source, c choice, create *diskimg.CreateOptions) (content export.Content, done []string, err error) {
	shape := &export.Shape{
		Partition: o.partition, Size: o.size, Grow: o.grow, Align: c.align, Rand: create.Rand,
		Warn: func(text string) { e.Warnf("%s: %s", src.location, text) },
	}
	content, done, err = shape.Apply(src.Content)
	if err == nil && c.preset != nil {
		err = c.preset.Check(content.Size())
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", src.location, err)
	}
	return content, done, nil
}

// exporting is an image that is being written.
type exporting struct {
	*options
	source  *source
	chosen  choice
	dst     destination
	content export.Content
	done    []string // what was made of the source's disk
	job     *export.Job
	image   cli.Image
	hash    hash.Hash // nil without --sha256
}

// prepare finds out the layout of the image, and begins it. Standard output comes first: it may be refused, and the
// layout may take a pass over the data.
func (x *exporting) prepare(ctx context.Context, e *cli.Env, create *diskimg.CreateOptions) (err error) {
	inOrder := x.dst.path == "-"
	if inOrder {
		if x.image, err = x.dst.create(ctx, e, nil, x.options); err != nil {
			return err
		}
	}
	if x.job, err = export.Prepare(ctx, x.content, create, inOrder); err != nil {
		return err
	}
	if x.job.Dense {
		e.Notef("the bundle does not tell where its data is: every block of the image is allocated (streamOptimized vmdk needs no such map)")
	}
	if x.sha256 {
		x.hash = sha256.New()
	}
	if !inOrder {
		x.image, err = x.dst.create(ctx, e, x.job, x.options)
	}
	return err
}

func (x *exporting) write(ctx context.Context, e *cli.Env) error {
	progress := e.Progress("export", x.content.Size())
	defer progress.Done()
	err := x.job.Write(ctx, x.image, x.hash, progress.Add)
	if err == nil {
		err = x.image.Commit()
	}
	closed := x.image.Close()
	if err != nil {
		return x.dst.ended(ctx, x.image, err, closed)
	}
	return closed
}

// A result is what --json prints.
type result struct {
	Source      string            `json:"source"`
	Image       string            `json:"image,omitempty"` // the ID of the AMI that Source is the manifest of
	Location    string            `json:"location"`
	Format      diskimg.Format    `json:"format"`
	Subformat   diskimg.Subformat `json:"subformat,omitempty"`
	VirtualSize int64             `json:"virtualSize"`
	FileSize    *int64            `json:"fileSize,omitempty"` // missing where it is not known
	SHA256      string            `json:"sha256,omitempty"`   // of the disk's content
}

// digestLine is what stands before the digest. It is not the form of sha256sum, which would hash the image file.
const digestLine = "sha256 of the content: "

func (x *exporting) result(e *cli.Env) error {
	r := result{
		Source: x.source.location, Image: x.source.image, Location: x.dst.String(), Format: x.chosen.format, Subformat: x.chosen.subformat,
		VirtualSize: x.content.Size(),
	}
	size, err := x.dst.size(x.job.Layout)
	if err != nil {
		return err
	}
	if size >= 0 {
		r.FileSize = &size
	}
	text := r.Location
	if x.hash != nil {
		r.SHA256 = hex.EncodeToString(x.hash.Sum(nil))
		text += "\n" + digestLine + r.SHA256
	}
	for _, done := range x.done {
		e.Notef("%s", done)
	}
	e.Verbosef("%s, %d bytes of disk", x.chosen, r.VirtualSize)
	if x.dst.path != "-" {
		return e.Result(text, r)
	}
	if x.hash != nil {
		e.Answerf("%s%s", digestLine, r.SHA256)
	}
	return nil
}
