package auditing

import (
	"context"
	"os"

	"amiforge/diskimg"
	"amiforge/internal/auditreport"
	"amiforge/internal/cli"
)

// OpenRaw opens the disk of size bytes in f, which messages call location. f stays open.
func OpenRaw(location string, f *os.File, size int64) (*Source, error) {
	d, err := diskimg.Open(f, size, &diskimg.OpenOptions{Format: diskimg.RAW})
	if err != nil {
		return nil, err
	}
	return OpenDisk(location, d)
}

// Refuse audits the source. Findings that matter are an error that is cli.ErrAudit and lists them; verdict says what they
// keep from being done, and hint how to see more. Those that do not matter are shown with --verbose.
func Refuse(ctx context.Context, e *cli.Env, s *Source, opts Options, verdict, hint string) (*auditreport.Report, error) {
	report, err := Run(ctx, e, s, opts)
	if err != nil {
		return nil, err
	}
	if report.Result != auditreport.Clean {
		return nil, &refusal{verdict, report.Image.Source, report.Counts, report.Findings, opts.FailOn, hint}
	}
	e.Notef("audited: %s", report.Counts)
	for _, f := range report.Findings {
		e.Verbosef("%s", auditreport.Line(f))
	}
	return report, nil
}
