// Ami-audit checks the content of an image against the guidelines for images that are shared.
package main

import (
	"context"
	"errors"
	"fmt"

	"amiforge/internal/audit"
	"amiforge/internal/auditing"
	"amiforge/internal/auditreport"
	"amiforge/internal/cli"
)

const usage = `Usage:
  ami-audit SOURCE [OPTION]…
  ami-audit --volume DIR [OPTION]…
  ami-audit --fix SOURCE -o COPY [OPTION]…
  ami-audit --rules

Looks in an image for what must not be in one that others get: keys, passwords,
histories, logs, back doors, and what is left of them in deleted files; and whether it
can boot. SOURCE is a disk file (RAW, VHD or VMDK), a block device, the manifest of a
bundle (a file or s3://bucket/prefix/image.manifest.xml) or an AMI ID. Nothing is
mounted, SOURCE is never written, and no secret is printed: a finding has the place, the rule
and a short hash. What cannot be read is an error, and never a clean report.

      --volume DIR         audit a directory tree in the place of a disk
      --fail-on SEVERITY   exit 4 for findings of this severity and worse: error
                           (default), warning or info
      --skip ID[,…]        do not look at these rules
      --allow ID[:PATH]    pass over findings of a rule, everywhere or at PATH, in which *
                           and ? stand for others and /** at the end for all below; may
                           be repeated
      --virtualization-type T   that the image is to boot with: hvm or paravirtual (default:
                           that of the AMI; of others it is not known)
      --rules              print the rules: ID, severity, what they want, and what to do

      --format FORMAT      text (default), json or sarif
  -o, --output REPORT      write the report to a file and print its name; .json and .sarif
                           tell the format
      --store-report       put the report in JSON beside the bundle, as NAME.audit.json
      --force              overwrite REPORT, or COPY

      --fix                write a cleaned RAW copy of SOURCE to COPY and audit that: without
                           host keys, histories, logs, the state of cloud-init, and so on,
                           with root locked, and nothing in it of what was deleted
                           (docs/audit.md lists all). What --skip and --allow name stays
      --upgrade-ext4       let it write ext2, ext3 and old ext4 as the ext4 of today, which
                           old systems do not know

  -k, --privatekey KEY     bundles: private key that opens it (default: EC2_PRIVATE_KEY)
  -c, --cert CERT          certificate of the owner, whose signature is expected
                           (default: that of KEY; needed with the service's key)
  -s, --source LOCATION    where the parts are, if not beside the manifest
      --allow-unsigned     accept a manifest without signature
      --source-format FMT  raw, vhd or vmdk: what a disk file must be. With raw it is
                           taken as it is
      --max-size SIZE      refuse a bundle whose disk claims to be larger (default: 1T)
` + cli.RegistryUsage + `
A bundle is verified while it is restored to a temporary sparse file without a name in
TMPDIR, which takes the room of the disk's data and is gone however the command ends.

A copy has the same table of partitions, and file systems with the same UUIDs. With
SOURCE_DATE_EPOCH the same SOURCE becomes the same COPY.

Examples:
  ami-audit disk.raw
  ami-audit web.vmdk --fail-on warning --skip LOGS --allow 'HISTORY:/home/*/.bash_history'
  ami-audit s3://bucket/web/image.manifest.xml -k keys/pk.pem --store-report
  ami-audit --fix disk.raw -o clean.raw
  ami-audit ami-0123456789abcdef0 -k keys/pk.pem --format sarif > web.sarif
`

func main() { cli.Main(usage, run) }

func run(ctx context.Context, e *cli.Env) error {
	o, err := parse(e)
	if err != nil {
		return err
	}
	if o.rules {
		return listRules(e)
	}
	if err := o.checkCopy(); err != nil {
		return err
	}
	if err := o.createReport(); err != nil { // an audit may take minutes
		return err
	}
	if o.report != nil {
		defer o.report.Close()
	}
	source, object, err := o.open(ctx, e)
	if err != nil {
		return err
	}
	defer source.Close()
	if err := o.refuseOutput(source, object); err != nil {
		return err
	}
	if o.boots != "" {
		source.SetVirtualization(o.boots)
	}
	if o.fix {
		return o.runFix(ctx, e, source)
	}
	report, err := auditing.Run(ctx, e, source, o.choice.Options)
	if report == nil {
		return err
	}
	for _, dir := range report.Elsewhere {
		e.Warnf("%s: another file system is mounted there, which is not looked into", dir)
	}
	for _, note := range report.Notes {
		e.Verbosef("%s", note)
	}
	if err := errors.Join(err, o.write(ctx, e, report, object)); err != nil {
		return err
	}
	return verdict(report)
}

// verdict is an error where there are findings that matter.
func verdict(report *auditreport.Report) error {
	if report.Result == auditreport.Clean {
		return nil
	}
	what := report.Options.FailOn.String()
	if report.Options.FailOn != audit.Error {
		what += " or worse"
	}
	return fmt.Errorf("%s: %w: %d of severity %s", report.Image.Source, cli.ErrAudit, report.Count(report.Options.FailOn), what)
}
