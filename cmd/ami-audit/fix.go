package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/pflag"

	"amiforge/internal/auditing"
	"amiforge/internal/auditreport"
	"amiforge/internal/clean"
	"amiforge/internal/cli"
)

// validateFix tells what is missing or does not go together with --fix.
func (o *options) validateFix(f *pflag.FlagSet) error {
	switch {
	case !o.fix && o.upgrade:
		return cli.Usagef("--upgrade-ext4 goes with --fix")
	case !o.fix:
		return nil
	case f.Changed("volume"):
		return cli.Usagef("--fix makes a copy of a disk, and --volume is none: ami-bundle --volume %s leaves secrets out", o.volume)
	case o.output == "":
		return cli.Usagef("--fix needs -o FILE: where the cleaned copy goes")
	case o.store:
		return cli.Usagef("--store-report is about the bundle, and --fix reports on the copy: leave it out")
	case cli.IsBlockDevice(o.output):
		return cli.Usagef("-o %s: the copy is a file; ami-export writes it to a device", o.output)
	}
	switch strings.ToLower(path.Ext(o.output)) {
	case ".vmdk", ".vhd", ".vhdx", ".qcow2", ".vdi":
		return cli.Usagef("-o %s: the copy is a RAW disk: name it .raw, ami-export converts it", o.output)
	}
	return nil
}

// checkCopy tells what keeps a copy from being written before the image is opened, which may take its time.
func (o *options) checkCopy() error {
	if !o.fix || cli.SameFile(o.output, o.source) { // of which refuseOutput has more to say
		return nil
	}
	f, err := cli.CreateFile(o.output, cli.FileOptions{Force: o.force})
	if err != nil {
		return err
	}
	return f.Close()
}

// runFix makes a cleaned copy and prints the report on it.
func (o *options) runFix(ctx context.Context, e *cli.Env, source *auditing.Source) error {
	at, _, err := e.SourceDate()
	if err != nil {
		return err
	}
	fixed, err := source.Fix(ctx, e, auditing.Fix{Output: o.output, Force: o.force, Upgrade: o.upgrade, Time: at}, o.choice.Options)
	switch {
	case errors.Is(err, clean.ErrOld):
		return fmt.Errorf("%w\n--upgrade-ext4 writes it", err)
	case err != nil:
		return err
	}
	defer fixed.Close()
	if err := fixed.Commit(); err != nil {
		return err
	}
	sayFixed(e, fixed.Report.Fix)
	if err := o.print(e, fixed.Report); err != nil {
		return err
	}
	return verdict(fixed.Report)
}

// sayFixed lists what the copy has not.
func sayFixed(e *cli.Env, fix *auditreport.Fix) {
	for _, line := range fix.Lines(e.Verbose) {
		e.Notef("%s", line)
	}
	for _, note := range fix.Notes {
		e.Warnf("%s", note)
	}
	e.Notef("%s", fix.Summary())
}
