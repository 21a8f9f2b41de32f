package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"amiforge/diskimg"
	"amiforge/internal/auditing"
	"amiforge/internal/cli"
)

// auditOptions are about the audit before the bundling.
type auditOptions struct {
	audit  bool
	choice auditing.Choice
}

func (a *auditOptions) addAuditFlags(f *pflag.FlagSet) {
	f.BoolVar(&a.audit, "audit", false, "")
	a.choice.AddFlags(f)
}

// checkAudit tells what does not go together.
func (a *auditOptions) checkAudit(f *pflag.FlagSet) error {
	for _, name := range []string{"fail-on", "skip", "allow"} {
		if f.Changed(name) && !a.audit {
			return cli.Usagef("--%s goes with --audit", name)
		}
	}
	return a.choice.Validate()
}

// auditImage looks through an image that is to be bundled.
func (o *options) auditImage(ctx context.Context, e *cli.Env) error {
	if !o.audit {
		return nil
	}
	if o.image == "-" {
		return cli.Usagef("--audit: standard input is read once: write it to a file first")
	}
	if info, err := os.Stat(o.image); err == nil && !info.Mode().IsRegular() && !cli.IsBlockDevice(o.image) {
		return cli.Usagef("--audit: %s is read once: write it to a file first", o.image)
	}
	disk, err := diskimg.OpenFile(o.image, &diskimg.OpenOptions{Format: diskimg.Format(o.sourceFormat)})
	if err != nil {
		return fmt.Errorf("--audit: %w", err)
	}
	source, err := auditing.OpenDisk(o.image, disk)
	if err != nil {
		return err
	}
	defer source.Close()
	return o.refuse(ctx, e, source, "ami-audit "+o.image)
}

// auditVolume looks through a volume that was made, of size bytes.
func (o *options) auditVolume(ctx context.Context, e *cli.Env, f *os.File, size int64) error {
	if !o.audit {
		return nil
	}
	source, err := auditing.OpenRaw(o.volume, f, size)
	if err != nil {
		return err
	}
	defer source.Close()
	return o.refuse(ctx, e, source, "ami-audit of what --disk-only writes")
}

func (o *options) refuse(ctx context.Context, e *cli.Env, source *auditing.Source, hint string) error {
	source.SetArchitecture(o.arch)
	verdict := "not bundled"
	if o.diskOnly {
		verdict = "not written"
	}
	return auditing.Refuse(ctx, e, source, o.choice.Options, verdict, hint)
}
