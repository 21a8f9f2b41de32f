package auditreport

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"amiforge/internal/audit"
)

// What the specification and GitHub's code scanning ask for is there [SARIF 2.1.0; GitHub, SARIF support for code
// scanning].
func TestSARIF(t *testing.T) {
	r := sample(
		finding(audit.Error, "ROOT-LOCK", "/etc/shadow", 7),
		finding(audit.Warning, "LOGS", "/var/log/a b:c%41/é\u202e", 0),
		finding(audit.Info, "AGENT", "", 0),
	)
	r.Unread = []audit.Unread{{Path: "/partition 2", Error: "xfs is not read"}}
	r.Finish()
	log := decoded(t, r)
	if log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("version %q, %d runs", log.Version, len(log.Runs))
	}
	run := log.Runs[0]
	if run.Tool.Driver.Name != "ami-audit" || len(run.Tool.Driver.Rules) != len(audit.Rules()) {
		t.Errorf("%+v", run.Tool.Driver)
	}
	for _, rule := range run.Tool.Driver.Rules {
		if rule.ID == "" || rule.Short.Text == "" || rule.Full.Text == "" || rule.Help.Text == "" || !isLevel(rule.Default.Level) {
			t.Errorf("%+v", rule)
		}
	}
	if call := run.Invocations[0]; call.Successful || len(call.Notifications) != 1 {
		t.Errorf("%+v", call)
	}
	prints := map[string]bool{}
	for i, want := range []struct {
		level, uri, base string
		line             int
	}{
		{"error", "etc/shadow", imageBase, 7},
		{"warning", "var/log/a%20b:c%2541/%C3%A9%E2%80%AE", imageBase, 1},
		{"note", "image.manifest.xml", "", 1},
	} {
		got := run.Results[i]
		at := got.Locations[0].Physical
		if got.Level != want.level || at.Artifact != (sarifArtifact{want.uri, want.base}) || at.Region.Line != want.line {
			t.Errorf("%+v, want %+v", got, want)
		}
		if run.Tool.Driver.Rules[got.RuleIndex].ID != got.RuleID {
			t.Errorf("%s: index %d is of another rule", got.RuleID, got.RuleIndex)
		}
		if u, err := url.Parse(at.Artifact.URI); err != nil || u.IsAbs() {
			t.Errorf("%s: %v", at.Artifact.URI, err)
		}
		print := got.Fingerprints["primaryLocationLineHash"]
		if !regexp.MustCompile(`^[0-9a-f]{16}:1$`).MatchString(print) || prints[print] {
			t.Errorf("fingerprint %q", print)
		}
		prints[print] = true
	}
}

// A report without findings has an empty list of results: a missing one would mean that nothing was looked at.
func TestSARIFClean(t *testing.T) {
	r := sample()
	text, err := json.Marshal(r.SARIF())
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`"results":\[\]`).Match(text) {
		t.Errorf("%s", text)
	}
}

// The place of a finding moves when what is above it changes, and it is the same finding.
func TestFingerprint(t *testing.T) {
	a, b := finding(audit.Error, "HISTORY", "/root/.bash_history", 3), finding(audit.Error, "HISTORY", "/root/.bash_history", 4)
	if fingerprint(a) != fingerprint(b) {
		t.Error("it depends on the line")
	}
	b.Hash = "0123456789ab"
	if fingerprint(a) == fingerprint(b) {
		t.Error("it does not depend on the secret")
	}
}

// Secrets that are too short for a hash are told apart by their number, as GitHub takes equal fingerprints for one finding.
func TestFingerprintsOfEqual(t *testing.T) {
	r := sample()
	r.Findings = []audit.Finding{finding(audit.Error, "HISTORY", "/a", 3), finding(audit.Error, "HISTORY", "/a", 4)}
	results := decoded(t, r).Runs[0].Results
	a, b := results[0].Fingerprints["primaryLocationLineHash"], results[1].Fingerprints["primaryLocationLineHash"]
	if a == b || strings.TrimSuffix(a, ":1") != strings.TrimSuffix(b, ":2") {
		t.Errorf("%q and %q", a, b)
	}
}

func decoded(t *testing.T, r *Report) (log sarifLog) {
	t.Helper()
	text, err := json.Marshal(r.SARIF())
	if err == nil {
		err = json.Unmarshal(text, &log)
	}
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func isLevel(s string) bool { return s == "error" || s == "warning" || s == "note" }
