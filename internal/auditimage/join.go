package auditimage

import (
	"slices"
	"strings"

	"amiforge/internal/audit"
)

// below returns the allowances that are for what lies below a prefix, and those for everything. In the report that is
// where the findings of a further system are.
func below(prefix string, allow []audit.Allow) (list []audit.Allow) {
	for _, a := range allow {
		if inside, ok := strings.CutPrefix(a.Path, prefix+"/"); ok {
			list = append(list, audit.Allow{ID: a.ID, Path: "/" + inside})
		} else if a.Path == "" {
			list = append(list, a)
		}
	}
	return list
}

// after returns the progress of a run that follows another one.
func after(before *audit.Report, progress func(audit.Progress)) func(audit.Progress) {
	if progress == nil {
		return nil
	}
	files, bytes := before.Files, before.BytesScanned
	return func(p audit.Progress) { progress(audit.Progress{Files: files + p.Files, Bytes: bytes + p.Bytes}) }
}

// join adds the report on a further system to the one on those before it, which is nil for the first.
func join(all, report *audit.Report, prefix string) *audit.Report {
	if all == nil {
		return report
	}
	for _, f := range report.Findings {
		if f.Path != "" {
			f.Path = prefix + f.Path
		}
		if f.Path != "" || !slices.Contains(all.Findings, f) {
			all.Findings = append(all.Findings, f)
		}
	}
	for _, u := range report.Unread {
		all.Unread = append(all.Unread, audit.Unread{Path: prefix + u.Path, Error: u.Error})
	}
	all.PackagesUnknown = all.PackagesUnknown || report.PackagesUnknown
	all.Allowed += report.Allowed
	all.Files += report.Files
	all.FilesScanned += report.FilesScanned
	all.BytesScanned += report.BytesScanned
	return all
}
