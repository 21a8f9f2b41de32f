package main

import (
	"context"
	"crypto/rsa"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"amiforge/diskimg"
	"amiforge/internal/auditing"
	"amiforge/internal/auditreport"
	"amiforge/internal/cli"
	"amiforge/internal/registry"
	"amiforge/manifest"
)

// auditOptions are about the audit before the bundling.
type auditOptions struct {
	audit       bool
	choice      auditing.Choice
	storeReport bool // put it beside the bundle

	report *auditreport.Report // once the image was audited
}

func (a *auditOptions) addAuditFlags(f *pflag.FlagSet) {
	f.BoolVar(&a.audit, "audit", false, "")
	f.BoolVar(&a.storeReport, "store-report", false, "")
	a.choice.AddFlags(f)
}

// checkAudit tells what does not go together.
func (a *auditOptions) checkAudit(f *pflag.FlagSet) error {
	for _, name := range []string{"fail-on", "skip", "allow", "store-report"} {
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

func (o *options) refuse(ctx context.Context, e *cli.Env, source *auditing.Source, hint string) (err error) {
	source.SetArchitecture(o.arch)
	verdict := "not bundled"
	if o.diskOnly {
		verdict = "not written"
	}
	o.report, err = auditing.Refuse(ctx, e, source, o.choice.Options, verdict, hint)
	return err
}

// keepReport puts the report of the audit beside the bundle whose manifest is m, as a report on that bundle, if it is to be
// there. It returns where that is.
func (o *options) keepReport(ctx context.Context, e *cli.Env, object cli.Object, m *manifest.Manifest, key *rsa.PrivateKey) (string, error) {
	if !o.storeReport {
		return "", nil
	}
	doc, err := m.Sign(key) // the same bytes as in the store: neither the format nor the signature has anything random
	if err != nil {
		return "", err
	}
	o.report.Image = auditreport.Image{
		Source: object.String(), ManifestDigest: registry.DigestManifest(doc),
		Format: string(diskimg.RAW), Size: m.Image.Size,
	}
	location, err := auditing.StoreReport(ctx, object, o.report)
	if err != nil {
		return "", fmt.Errorf("%s is in place, but not the report of its audit: %w", object, err)
	}
	e.Notef("the report is at %s", location)
	return location, nil
}
