package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"amiforge/internal/cli"
	"amiforge/internal/tree"
	"amiforge/internal/volume"
)

// building is a volume in the making: where its files come from, and what there is to say about them.
type building struct {
	*options
	env      *cli.Env
	own      *ownFiles
	opts     *volume.Options
	closers  closers
	system   *volume.SystemWatch
	rootSpec string // what its etc/fstab mounts as the root
	filtered []filtered
}

func (b *building) close() { b.closers.Close() }

// open returns the files of the volume, as they are to be in it. What it opens is closed by close.
func (b *building) open(ctx context.Context) (tree.Source, error) {
	b.filtered = []filtered{}
	src, err := b.openTree(ctx)
	if err != nil {
		return nil, err
	}
	src = tree.Exclude(src, b.selection)
	if !b.noFilter {
		src = tree.FilterSecrets(src, &tree.SecretOptions{Include: b.selection, Report: b.report})
	}
	src = volume.Devices(src, b.opts.Time)
	if b.script != "" {
		if src, err = b.overlay(ctx, src); err != nil {
			return nil, err
		}
	}
	if b.opts.Rand != nil {
		src = volume.ModTimes(src)
	}
	switch {
	case b.generateFstab:
		src = volume.ReplaceFstab(src, volume.Fstab(b.opts.UUID, b.opts.Label), b.opts.Time)
	case b.fstab != "":
		b.rootSpec = volume.RootSpec(b.fstabContent)
		src = volume.ReplaceFstab(src, b.fstabContent, b.opts.Time)
	default:
		src = volume.WatchFstab(src, func(table []byte) { b.rootSpec = volume.RootSpec(table) })
	}
	b.system = volume.WatchSystem(src)
	return b.system, nil
}

// openTree opens what --volume names.
func (b *building) openTree(ctx context.Context) (tree.Source, error) {
	r, name := b.env.Stdin, "standard input"
	if b.volume != "-" {
		info, err := os.Stat(b.volume)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			return b.openDir(ctx)
		}
		f, err := openFile(ctx, b.volume)
		if err != nil {
			return nil, err
		}
		b.closers = append(closers{f}, b.closers...)
		r, name = f, b.volume
	}
	src, err := tree.OpenArchive(ctx, r, name, &tree.ArchiveOptions{Warn: b.warn})
	return b.opened(src, err)
}

// openFile opens a file. Where ctx ends while a pipe waits for who writes to it, that one call is left behind.
func openFile(ctx context.Context, path string) (*os.File, error) {
	type answer struct {
		f   *os.File
		err error
	}
	opened := make(chan answer, 1)
	go func() {
		f, err := os.Open(path)
		opened <- answer{f, err}
	}()
	select {
	case a := <-opened:
		return a.f, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// openDir opens a directory, less what is of a running system and of this command.
func (b *building) openDir(ctx context.Context) (tree.Source, error) {
	root := isRoot(b.volume)
	exclude := pseudoFileSystems()
	if root {
		b.env.Warnf("%s is in use: files may change while they are read, and what is written together may not come together", b.volume)
		exclude = runtimeDirectories()
	}
	var err error
	if b.selection, err = b.selection.Excluding(exclude); err != nil {
		return nil, err
	}
	if err := b.own.in(b.volume, b.key, b.note); err != nil {
		return nil, err
	}
	skip := func(name string, dir bool) bool {
		return b.own.has(name) || b.selection.Skip(name, dir)
	}
	src, err := tree.OpenDir(ctx, b.volume, &tree.DirOptions{OneFileSystem: !b.all, Skip: skip, Warn: b.warn})
	return b.opened(src, err)
}

func (b *building) opened(src tree.Source, err error) (tree.Source, error) {
	if err == nil {
		b.closers = append(closers{src}, b.closers...)
	}
	return src, err
}

func (b *building) warn(text string) { b.env.Warnf("%s", line(text)) }

func (b *building) note(text string) { b.env.Notef("%s", line(text)) }

func (b *building) report(f tree.Filtered) {
	b.filtered = append(b.filtered, filtered(f))
	b.note(fmt.Sprintf("filtered %s: %s", f.Name, f.Reason))
}

// overlay runs the script, and lays what it leaves over src.
func (b *building) overlay(ctx context.Context, src tree.Source) (tree.Source, error) {
	b.own.temporary(os.TempDir(), scriptName)
	dir, err := cli.CreateTempDir(os.TempDir(), scriptName)
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, dir)
	if err := volume.Script(ctx, b.script, dir.Path, b.volume, b.env.Stderr); err != nil {
		return nil, err
	}
	opts := &tree.OverlayOptions{Warn: b.warn}
	if at, given, err := b.env.SourceDate(); given && err == nil {
		opts.Latest = at // what the script makes is new each time
	}
	laid, err := tree.Overlay(ctx, src, dir.Path, opts)
	return b.opened(laid, err)
}

// scriptName is what the directory is called after that a script writes to.
const scriptName = "ami-bundle-script"

// sayFiltered counts the secrets that were left out, also for those who do not want to read their names.
func (b *building) sayFiltered() {
	switch n := len(b.filtered); {
	case n == 1:
		b.env.Warnf("filtered 1 file; -i keeps it, --no-filter all such files")
	case n > 1:
		b.env.Warnf("filtered %d files; -i keeps one, --no-filter all", n)
	}
}

// sayUnused names what was to be left out or kept and was not there: a path may be one of this machine, not of the volume.
func (b *building) sayUnused() {
	exclude, include := b.selection.Unused()
	for _, text := range exclude {
		b.note(fmt.Sprintf("-e %s: nothing of that name was there to leave out; paths begin at the root of the volume", text))
	}
	for _, text := range include {
		b.note(fmt.Sprintf("-i %s: nothing of that name was there to keep; paths begin at the root of the volume", text))
	}
}

// saySystem warns of what is the root of no system, as a directory above one is.
func (b *building) saySystem() {
	if !b.system.Is {
		b.env.Warnf("%s: there is neither /etc nor /usr nor /bin: is this the root of a system?", b.volume)
	}
}

// sayFstab warns of a table whose root is not this volume.
func (b *building) sayFstab() {
	if b.fstab != "" && b.rootSpec == "" {
		b.env.Warnf("%s mounts no root: a system that reads it may come up with a root that cannot be written", b.fstab)
	}
	if why := volume.Misfit(b.rootSpec, b.opts.UUID, b.opts.Label); why != "" {
		b.env.Warnf("etc/fstab mounts %s as the root, and %s: --generate-fstab makes a table that fits", b.rootSpec, why)
	}
}

// sayBoot says what a disk needs to boot.
func (b *building) sayBoot() {
	if b.opts.Partition != "" && b.opts.BootCode == nil {
		b.env.Notef("the disk needs a boot loader: --boot-code puts one in front of the partition (docs/volume.md says how), or the machine is given a kernel")
	}
}

// explainVolume adds what helps.
func (o *options) explainVolume(err error) error {
	if e, ok := errors.AsType[*volume.SizeError](err); ok {
		return fmt.Errorf("%s: %w: -s %s would do", o.volume, e, cli.FormatSize(e.Need))
	}
	if e, ok := errors.AsType[*tree.NotTarError](err); ok && e.Disk {
		return fmt.Errorf("%w\nwithout --volume a disk is bundled as it is", err)
	}
	return err
}

// diskFile is the file of --disk-only, with errors that name it.
type diskFile struct {
	*cli.File
	path string
}

func (f diskFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	return n, f.named(err)
}

func (f diskFile) Truncate(size int64) error { return f.named(f.File.Truncate(size)) }

func (f diskFile) named(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return fmt.Errorf("write %s: %w", f.path, e.Err)
	}
	return err
}
