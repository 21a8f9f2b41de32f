package auditing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"amiforge/bundle"
	"amiforge/internal/audit"
	"amiforge/internal/auditreport"
	"amiforge/internal/cli"
	"amiforge/internal/registry"

	"github.com/spf13/pflag"
)

// GateUsage explains the flags of a Gate, but for -k and -c.
const GateUsage = `      --audited-by REPORT       instead of the audit: its report in JSON, by ami-audit, of
                                this bundle, at most 30 days old and without errors; a
                                file or s3://bucket/key
      --no-audit                make it public without one
`

// A Gate is what stands between an image and everybody: without an audit that finds no error it is passed only by who
// says so.
type Gate struct {
	cli.Opening
	AuditedBy string // where a report is
	NoAudit   bool
}

// AddFlags adds the flags of the gate, without those of the opening.
func (g *Gate) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&g.AuditedBy, "audited-by", "", "")
	f.BoolVar(&g.NoAudit, "no-audit", false, "")
}

// Validate tells what is missing or does not go together. public says whether an image is to be made public, and f which
// flags were given.
func (g *Gate) Validate(e *cli.Env, f *pflag.FlagSet, public bool) error {
	for _, name := range []string{"audited-by", "no-audit", "privatekey", "source", "allow-unsigned"} {
		if f.Changed(name) && !public {
			return cli.Usagef("--%s is about the audit before --public, which is not given", name)
		}
	}
	switch {
	case !public:
		return nil
	case f.Changed("audited-by") && g.AuditedBy == "":
		return cli.Usagef("--audited-by: the value is empty")
	case g.NoAudit && (g.AuditedBy != "" || f.Changed("privatekey")):
		return cli.Usagef("--no-audit excludes -k and --audited-by")
	case g.AuditedBy != "" && f.Changed("privatekey"):
		return cli.Usagef("-k and --audited-by exclude each other: with the key the image is audited now, and no report is needed")
	case g.NoAudit, g.AuditedBy != "":
		return nil
	}
	if g.Key == "" {
		g.Key = e.Getenv("EC2_PRIVATE_KEY")
	}
	if g.Key == "" {
		return cli.Usagef("--public: the image is audited first, for which -k KEY opens its bundle; or --audited-by REPORT says that it was, or --no-audit that it is not to be")
	}
	return nil
}

// Pass lets an image with its bundle through, or returns why not: an error that is cli.ErrAudit where an audit has found
// errors, with the findings in it. object is the bundle's manifest. An image that has no ID yet is about to be registered.
func (g *Gate) Pass(ctx context.Context, e *cli.Env, object cli.Object, image registry.Image) error {
	if g.NoAudit {
		e.Warnf("not audited: look for keys and passwords in it first")
		return nil
	}
	warnOfSnapshots(e, image)
	open, err := g.Options(ctx, e)
	if err != nil {
		return err
	}
	if g.AuditedBy != "" {
		return g.accept(ctx, e, object, image, open)
	}
	b, err := cli.OpenBundle(ctx, e, object, open)
	if err != nil {
		return err
	}
	if err := cli.CheckRegistered(image, object, b); err != nil {
		return err
	}
	return pass(ctx, e, object, b, image)
}

// warnOfSnapshots names what everybody gets with the image that is not in its bundle.
func warnOfSnapshots(e *cli.Env, image registry.Image) {
	for _, device := range image.BlockDevices {
		if device.EBS != nil && device.EBS.SnapshotID != "" {
			e.Warnf("not audited: snapshot %s, which instances get as %s", device.EBS.SnapshotID, device.DeviceName)
		}
	}
}

func pass(ctx context.Context, e *cli.Env, object cli.Object, b *bundle.Bundle, image registry.Image) error {
	source, err := OpenBundle(ctx, e, object, b, &image)
	if err != nil {
		return err
	}
	defer source.Close()
	verdict := "not made public"
	if image.ID == "" {
		verdict = "not registered"
	}
	_, err = Refuse(ctx, e, source, Options{FailOn: audit.Error}, verdict, fmt.Sprintf("ami-audit %s -k KEY", object))
	return err
}

// accept takes a report in the place of an audit.
func (g *Gate) accept(ctx context.Context, e *cli.Env, object cli.Object, image registry.Image, open *bundle.OpenOptions) error {
	text, err := readReport(ctx, e, g.AuditedBy)
	if err != nil {
		return err
	}
	report, err := auditreport.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", g.AuditedBy, err)
	}
	digest, err := digestOf(ctx, object, image, open)
	if err != nil {
		return err
	}
	if err := report.Accept(digest, time.Now()); err != nil {
		return &refusedReport{fmt.Errorf("%s: %w", g.AuditedBy, err)}
	}
	e.Notef("audited on %s by %s %s: %s", report.Date.Format(time.DateOnly), report.Tool.Name, report.Tool.Version, report.Counts)
	for _, gap := range report.Gaps(image.VirtualizationType) {
		e.Warnf("%s", gap)
	}
	return nil
}

// digestOf returns the digest of an image's manifest as it is now, which must be the one that was registered.
func digestOf(ctx context.Context, object cli.Object, image registry.Image, open *bundle.OpenOptions) (string, error) {
	if image.ID == "" && image.ManifestDigest != "" {
		return image.ManifestDigest, nil // it was read just now
	}
	b, err := bundle.Open(ctx, object.Store, object.Name, open)
	if err != nil {
		return "", err
	}
	if err := cli.CheckRegistered(image, object, b); err != nil {
		return "", err
	}
	return registry.DigestManifest(b.Document), nil
}

// A refusal is an audit with errors.
type refusal struct {
	verdict  string
	source   string
	counts   auditreport.Counts
	findings []audit.Finding
	failOn   audit.Severity
	hint     string // the command that lists them all
}

// refusalLines is how many findings a message has. ami-audit shows them all.
const refusalLines = 20

func (r *refusal) Error() string {
	lines := []string{fmt.Sprintf("%s: the audit of %s has %s", r.verdict, r.source, r.counts)}
	for _, f := range r.errors() {
		if len(lines) > refusalLines {
			lines = append(lines, fmt.Sprintf("and more: %s lists them", r.hint))
			break
		}
		lines = append(lines, auditreport.Line(f))
	}
	return strings.Join(lines, "\n")
}

func (r *refusal) errors() (list []audit.Finding) {
	for _, f := range r.findings {
		if f.Severity >= r.failOn {
			list = append(list, f)
		}
	}
	return list
}

func (r *refusal) Unwrap() error { return cli.ErrAudit }

// Detail adds all findings to what --json shows.
func (r *refusal) Detail(o cli.ErrorObject) any {
	return struct {
		cli.ErrorObject
		Findings []audit.Finding `json:"findings"`
	}{o, r.findings}
}

// A refusedReport is one that cannot take the place of an audit.
type refusedReport struct{ error }

func (r *refusedReport) Unwrap() []error { return []error{r.error, cli.ErrAudit} }

// HasBundle tells whether an image has a bundle, which an audit opens. Those of EC2 that start from a snapshot have none.
func HasBundle(image registry.Image) error {
	if image.RootDeviceType == "ebs" || image.Location == "" {
		return errors.New("it has no bundle to audit, but snapshots: --no-audit makes it public without")
	}
	return nil
}
