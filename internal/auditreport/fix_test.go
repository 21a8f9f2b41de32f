package auditreport

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiforge/internal/clean"
)

func TestFixLines(t *testing.T) {
	f := &Fix{Source: "disk.raw", Changes: []clean.Change{
		{Rule: "LOGS", Path: "/var/log/a\nami-audit: 0 errors\xff\u202e", Action: clean.Emptied},
		{Rule: "CLOUD-INIT", Path: "/var/lib/cloud/instances/i", Action: clean.Removed, Files: 1},
		{Rule: "LOGS", Path: "/var/log/journal/1", Action: clean.Removed, Files: 2},
	}}
	for i := range 11 {
		f.Changes = append(f.Changes, clean.Change{Rule: "LEFTOVERS", Path: fmt.Sprintf("/tmp/%02d", i), Action: clean.Removed})
	}
	f.Changes = append(f.Changes, clean.Change{Rule: "LEFTOVERS", Path: "/var/tmp/a", Action: clean.Removed})
	want := []string{
		`emptied /var/log/a\nami-audit: 0 errors�\u202e (LOGS)`,
		"removed /var/lib/cloud/instances/i and a file in it (CLOUD-INIT)",
		"removed /var/log/journal/1 and 2 files in it (LOGS)",
		"removed 11 files in /tmp (LEFTOVERS)",
		"removed /var/tmp/a (LEFTOVERS)",
	}
	if diff := cmp.Diff(want, f.Lines(false)); diff != "" {
		t.Error(diff)
	}
	if all := f.Lines(true); len(all) != len(f.Changes) || all[3] != "removed /tmp/00 (LEFTOVERS)" {
		t.Errorf("%q", all)
	}
}
