package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"amiforge/internal/auditing"
	"amiforge/internal/auditreport"
	"amiforge/internal/cli"
)

// write puts the report where it was asked for. object is the manifest of the bundle that it is about.
func (o *options) write(ctx context.Context, e *cli.Env, report *auditreport.Report, object cli.Object) error {
	if err := o.print(e, report); err != nil || !o.store {
		return err
	}
	location, err := auditing.StoreReport(ctx, object, report)
	if err != nil {
		return err
	}
	e.Notef("the report is at %s", location)
	return nil
}

func (o *options) print(e *cli.Env, report *auditreport.Report) error {
	switch {
	case !o.prints():
		return o.writeFile(e, report)
	case o.format == formatSARIF:
		text, err := auditreport.Marshal(report.SARIF())
		if err != nil {
			return err
		}
		return e.Result(string(bytes.TrimSuffix(text, []byte("\n"))), nil)
	}
	return e.Result(report.Text(), report)
}

// createReport begins the file of the report, if there is to be one.
func (o *options) createReport() (err error) {
	if o.output != "" && !o.fix { // which is where the copy goes
		o.report, err = cli.CreateFile(o.output, cli.FileOptions{Force: o.force})
	}
	return err
}

// writeFile writes the report to its file and prints its name.
func (o *options) writeFile(e *cli.Env, report *auditreport.Report) (err error) {
	text := []byte(report.Text() + "\n")
	switch o.format {
	case formatJSON:
		text, err = auditreport.Marshal(report)
	case formatSARIF:
		text, err = auditreport.Marshal(report.SARIF())
	}
	if err != nil {
		return err
	}
	if _, err := o.report.Write(text); err != nil {
		if wrong, ok := errors.AsType[*fs.PathError](err); ok { // its path is that of a temporary file
			err = wrong.Err
		}
		return fmt.Errorf("write %s: %w", o.output, err)
	}
	if err := o.report.Commit(); err != nil {
		return err
	}
	return e.Result(o.output, map[string]any{
		"report": o.output, "image": report.Image, "result": report.Result, "counts": report.Counts,
	})
}
