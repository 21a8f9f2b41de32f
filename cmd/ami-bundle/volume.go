package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"amiforge/bundle"
	"amiforge/internal/cli"
	"amiforge/internal/volume"
)

// A volumeResult tells what volume was made, for --json.
type volumeResult struct {
	Disk      string     `json:"disk,omitempty"` // the file that it is in, with --disk-only
	Size      int64      `json:"size"`           // of the volume, in bytes
	Files     int64      `json:"files"`
	UUID      string     `json:"uuid"`
	Label     string     `json:"label,omitempty"`
	Partition string     `json:"partition,omitempty"`
	Filtered  []filtered `json:"filtered"`
}

// filtered is a secret that was left out.
type filtered struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// runVolume makes a volume, and bundles it.
func (o *options) runVolume(ctx context.Context, e *cli.Env) error {
	if err := o.readVolumeFiles(); err != nil {
		return err
	}
	if o.diskOnly {
		return o.runDiskOnly(ctx, e)
	}
	opts, err := o.createOptions(e)
	if err != nil {
		return err
	}
	if err := o.refuseExisting(ctx, e); err != nil {
		return err
	}
	if err := o.inheritFromInstance(ctx, e, opts); err != nil {
		return err
	}
	st, loc, err := o.openDestination(ctx, e)
	if err != nil {
		return err
	}
	own := &ownFiles{}
	temp, err := o.createTemp(loc.Dir, own)
	if err != nil {
		return err
	}
	defer temp.Close()
	made, err := o.build(ctx, e, temp, own)
	if loc.Dir == "" && errors.Is(err, syscall.ENOSPC) {
		err = fmt.Errorf("%w: set TMPDIR to a directory with room for the content", err)
	}
	if err != nil {
		return err
	}
	if err := o.auditVolume(ctx, e, temp.File, made.Size); err != nil {
		return err
	}
	im, err := bundle.OpenImage(ctx, temp.Name(), &bundle.ImageOptions{NoScan: true})
	if err != nil {
		return err
	}
	defer im.Close()
	r, err := o.create(ctx, e, cli.Object{Store: st, Location: loc, Name: bundle.ManifestName(o.prefix)}, im, opts)
	if err != nil {
		return err
	}
	r.volume = made
	return errors.Join(temp.Close(), r.print(e))
}

// createTemp makes the file that the volume is in until it is bundled: beside the bundle, or in TMPDIR if the bundle goes
// to a bucket.
func (o *options) createTemp(dir string, own *ownFiles) (*cli.TempFile, error) {
	name := o.prefix
	if dir == "" {
		dir, name = os.TempDir(), "ami-bundle-volume"
	} else {
		own.directory(dir, "the bundle")
	}
	own.temporary(dir, name)
	return cli.CreateTempFile(dir, name)
}

// runDiskOnly makes a volume, which appears under its name when it is whole.
func (o *options) runDiskOnly(ctx context.Context, e *cli.Env) error {
	if err := cli.RefuseInputs(o.output, o.inputs()...); err != nil {
		return err
	}
	f, err := cli.CreateFile(o.output, cli.FileOptions{Force: o.force, NoSync: o.noSync})
	if err != nil {
		return err
	}
	defer f.Close()
	own := &ownFiles{output: o.output}
	own.temporary(filepath.Dir(o.output), filepath.Base(o.output))
	made, err := o.build(ctx, e, diskFile{f, o.output}, own)
	if err == nil {
		err = o.auditVolume(ctx, e, f.File, made.Size)
	}
	if err == nil {
		err = f.Commit()
	}
	if err != nil {
		return err
	}
	made.Disk = o.output
	return e.Result(o.output, made)
}

// A volumeFile is where a volume is written to.
type volumeFile interface {
	io.WriterAt
	Truncate(size int64) error
}

// volumeGCPercent is Go's own: the inodes of many files are small structures that stay, and collecting them as often as
// the few buffers of other commands takes a tenth of the time of 50,000 files.
const volumeGCPercent = 100

// build makes the volume in w.
func (o *options) build(ctx context.Context, e *cli.Env, w volumeFile, own *ownFiles) (*volumeResult, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(volumeGCPercent))
	opts, err := o.buildOptions(e)
	if err != nil {
		return nil, err
	}
	b := &building{options: o, env: e, own: own, opts: opts}
	defer b.close()
	src, err := b.open(ctx)
	if err != nil {
		return nil, o.explainVolume(inLine(err))
	}
	progress := e.Progress("volume", -1)
	defer progress.Done()
	opts.Progress = progress.Add
	made, err := volume.Build(ctx, src, w, opts)
	progress.Done()
	if err == nil {
		err = w.Truncate(made.Size)
	}
	if err != nil {
		return nil, o.explainVolume(inLine(err))
	}
	b.saySystem()
	b.sayUnused()
	b.sayFstab()
	b.sayFiltered()
	b.sayBoot()
	return &volumeResult{
		Size: made.Size, Files: made.Files, UUID: volume.FormatUUID(opts.UUID), Label: opts.Label,
		Partition: string(opts.Partition), Filtered: b.filtered,
	}, nil
}

// buildOptions returns what the volume is to be. Where the user gives a UUID or SOURCE_DATE_EPOCH, nothing in it is
// random.
func (o *options) buildOptions(e *cli.Env) (*volume.Options, error) {
	at, given, err := e.SourceDate()
	if err != nil {
		return nil, err
	}
	opts := &volume.Options{
		Size: o.size, Partition: o.partitionKind, BootCode: o.bootCodeContent,
		UUID: o.fileSystemUUID, Label: o.label, Time: at,
	}
	named := opts.UUID != [16]byte{}
	switch {
	case given:
		opts.Rand = volume.Random(at.Unix(), opts.UUID, o.label, o.size, o.partition)
	case named:
		opts.Rand = volume.Random(time.Time{}.Unix(), opts.UUID, o.label, o.size, o.partition)
	}
	if !named {
		opts.UUID, err = volume.NewUUID(opts.Rand)
	}
	return opts, err
}
