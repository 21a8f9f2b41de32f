package main

import (
	"context"
	"strings"

	"amiforge/diskimg"
	"amiforge/internal/cli"
	"amiforge/internal/export"
)

// openDisk opens the one source as a disk file. Bundles have ami-unbundle to look at them.
func (o *options) openDisk(e *cli.Env) (*source, *export.File, error) {
	arg := o.sources[0]
	switch {
	case strings.Contains(arg, "://") && !cli.IsManifest(arg):
		return nil, nil, cli.Usagef("%s: %s looks at disk files on this machine; download it first", arg, o.mode())
	case isBundle(arg):
		return nil, nil, cli.Usagef("%s looks at disk files on this machine; ami-unbundle --verify checks a bundle", o.mode())
	}
	src, err := o.openFile(e, arg)
	if err != nil {
		return nil, nil, err
	}
	return src, src.Content.(*export.File), nil
}

// runCheck looks at the structure of a disk file.
func (o *options) runCheck(ctx context.Context, e *cli.Env) error {
	src, f, err := o.openDisk(e)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := f.Disk().Check(ctx); err != nil {
		return src.named(err)
	}
	info := f.Disk().Info()
	if info.Format == diskimg.RAW {
		e.Notef("%s: raw has no structure to look at; its content was not read", src.location)
	} else {
		kind := choice{format: info.Format, subformat: info.Subformat}
		e.Notef("%s: the structure of this %s is good; its content was not read", src.location, kind)
	}
	return e.Result("", map[string]any{
		"file": src.location, "good": true, "format": info.Format, "subformat": info.Subformat, "warnings": list(info.Warnings),
	})
}

// list returns s such that JSON has a list of it, too.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
