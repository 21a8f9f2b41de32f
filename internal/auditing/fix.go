package auditing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"amiforge/internal/audit"
	"amiforge/internal/auditreport"
	"amiforge/internal/clean"
	"amiforge/internal/cli"
)

// A Fix says how a cleaned copy is made.
type Fix struct {
	Output  string // the file, which appears when the copy is whole and was audited
	Force   bool   // replace it
	Upgrade bool   // as clean.Options has it
	Time    time.Time
}

// A Fixed is a cleaned copy. It is there when Commit was called.
type Fixed struct {
	*clean.Result
	Report *auditreport.Report

	file cli.Image
}

// Fix makes a cleaned copy of the source's disk and audits it. What is skipped or allowed stays. The copy must be closed.
func (s *Source) Fix(ctx context.Context, e *cli.Env, fix Fix, opts Options) (*Fixed, error) {
	if s.disk == nil {
		return nil, errors.New("a directory has no disk to copy")
	}
	file, err := cli.CreateImage(fix.Output, s.disk.Size(), cli.FileOptions{Force: fix.Force})
	if err != nil {
		return nil, err
	}
	fixed := &Fixed{file: file}
	if err := s.fix(ctx, e, fixed, fix, opts); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return fixed, nil
}

func (s *Source) fix(ctx context.Context, e *cli.Env, fixed *Fixed, fix Fix, opts Options) (err error) {
	keep, err := keeper(opts)
	if err != nil {
		return err
	}
	if fixed.Result, err = s.clean(ctx, e, fixed.file, clean.Options{Keep: keep, Upgrade: fix.Upgrade, Time: fix.Time}); err != nil {
		return fmt.Errorf("%s: %w", s.subject.Source, err)
	}
	f := cli.FileOf(fixed.file)
	if f == nil {
		return fmt.Errorf("%s is not a file", fix.Output)
	}
	copied, err := OpenRaw(fix.Output, f, s.disk.Size())
	if err != nil {
		return err
	}
	defer copied.Close()
	copied.facts = s.facts
	copied.subject.Virtualization = s.facts.Virtualization
	if fixed.Report, err = Run(ctx, e, copied, opts); err != nil {
		return err
	}
	fixed.Report.Fix = &auditreport.Fix{Source: s.subject.Source, Changes: fixed.Changes, Notes: fixed.Notes}
	return nil
}

func (s *Source) clean(ctx context.Context, e *cli.Env, dst io.WriterAt, opts clean.Options) (*clean.Result, error) {
	progress := e.Progress("clean", -1)
	defer progress.Done()
	opts.Progress = progress.Add
	return clean.Copy(ctx, dst, s.disk, s.image, opts)
}

// keeper tells what the audit is not to see, and who cleans is to leave alone.
func keeper(opts Options) (func(rule, path string) bool, error) {
	var list []audit.Allow
	for _, id := range opts.Skip {
		list = append(list, audit.Allow{ID: id})
	}
	for _, text := range opts.Allow {
		allow, err := audit.ParseAllow(text)
		if err != nil {
			return nil, err
		}
		list = append(list, allow)
	}
	return func(rule, path string) bool {
		for _, a := range list {
			if a.Covers(rule, path) {
				return true
			}
		}
		return false
	}, nil
}

// Commit has the copy appear under its name.
func (f *Fixed) Commit() error { return f.file.Commit() }

// Close removes a copy that was not committed.
func (f *Fixed) Close() error { return f.file.Close() }
