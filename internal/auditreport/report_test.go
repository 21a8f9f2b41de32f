package auditreport

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiforge/internal/audit"
)

const digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

func now() time.Time { return time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC) }

// sample returns a report of a bundle, with the findings.
func sample(findings ...audit.Finding) *Report {
	r := &Report{
		Tool: Tool{"ami-audit", "v1.2.3"}, Date: now(), Options: Options{FailOn: audit.Error},
		Image: Image{Source: "s3://bucket/web/image.manifest.xml", ManifestDigest: digest, Format: "raw", Size: 1 << 30, Virtualization: "hvm"},
	}
	r.Findings, r.Files = findings, 3
	for _, rule := range audit.Rules() {
		r.Rules = append(r.Rules, rule.ID)
	}
	r.Finish()
	return r
}

func finding(s audit.Severity, rule, path string, line int) audit.Finding {
	return audit.Finding{Rule: rule, Severity: s, Path: path, Line: line, Message: "is there"}
}

func TestText(t *testing.T) {
	key := finding(audit.Error, "ROOT-LOCK", "/etc/shadow", 1)
	key.Hash = "0123456789ab"
	odd := finding(audit.Error, "LOGS", "/var/log/\x1b[31m\u202e\n", 0)
	r := sample(finding(audit.Warning, "LOGS", "/var/log/a", 0), finding(audit.Info, "AGENT", "", 0),
		key, odd, finding(audit.Warning, "LOGS", "/var/log/b", 0))
	rules := rulesByID()
	want := strings.Join([]string{
		`ERROR LOGS /var/log/\x1b[31m\u202e\n: is there`,
		"    " + rules["LOGS"].Advice,
		"ERROR ROOT-LOCK /etc/shadow:1: is there [0123456789ab]",
		"    " + rules["ROOT-LOCK"].Advice,
		"WARNING LOGS /var/log/a: is there",
		"WARNING LOGS /var/log/b: is there",
		"INFO AGENT: is there",
		"    " + rules["AGENT"].Advice,
		"s3://bucket/web/image.manifest.xml: 2 errors, 2 warnings, 1 info in 3 files",
	}, "\n")
	if diff := cmp.Diff(want, r.Text()); diff != "" {
		t.Error(diff)
	}
	r = sample()
	r.Unread = []audit.Unread{{Path: "/partition 2", Error: "xfs is not\nread"}}
	r.Skipped, r.Allowed = []string{"LOGS"}, 1
	r.Finish()
	want = "UNREAD /partition 2: xfs is not\\nread\n" +
		"s3://bucket/web/image.manifest.xml: 0 errors, 0 warnings, 0 infos in 3 files; 1 allowed; without LOGS; not all of it could be read"
	if diff := cmp.Diff(want, r.Text()); diff != "" || r.Result != Incomplete {
		t.Errorf("%s: %s", r.Result, diff)
	}
}

func TestParse(t *testing.T) {
	r := sample(finding(audit.Error, "ROOT-LOCK", "/etc/shadow", 1))
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, got); diff != "" {
		t.Error(diff)
	}
	for name, text := range map[string]string{
		"nothing":             "",
		"not JSON":            "<report>",
		"a list":              "[]",
		"nothing in it":       "{}",
		"another format":      `{"formatVersion": 2}`,
		"two":                 string(text) + string(text),
		"cut short":           string(text[:len(text)/2]),
		"no such severity":    `{"formatVersion": 1, "findings": [{"severity": "fatal"}]}`,
		"no severity":         `{"formatVersion": 1, "findings": [{"rule": "X"}]}`,
		"severity is a digit": `{"formatVersion": 1, "findings": [{"severity": 3}]}`,
		"no date":             `{"formatVersion": 1, "date": "yesterday"}`,
		"SARIF":               `{"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": []}`,
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestAccept(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(r *Report)
		want   string // in the error, "" for none
	}{
		"fresh":               {func(*Report) {}, ""},
		"warnings":            {func(r *Report) { r.Findings = []audit.Finding{finding(audit.Warning, "LOGS", "/", 0)} }, ""},
		"30 days":             {func(r *Report) { r.Date = now().AddDate(0, 0, -30) }, ""},
		"clock ahead":         {func(r *Report) { r.Date = now().Add(5 * time.Minute) }, ""},
		"upper case":          {func(r *Report) { r.Image.ManifestDigest = strings.ToUpper(digest) }, ""},
		"failed by its words": {func(r *Report) { r.Result, r.Options.FailOn = Failed, audit.Info }, ""},

		"too old":           {func(r *Report) { r.Date = now().AddDate(0, 0, -31) }, "more than 30 days old"},
		"no date":           {func(r *Report) { r.Date = time.Time{} }, "more than 30 days old"},
		"to come":           {func(r *Report) { r.Date = now().Add(time.Hour) }, "yet to come"},
		"of a disk":         {func(r *Report) { r.Image.ManifestDigest = "" }, "not about a bundle"},
		"of another":        {func(r *Report) { r.Image.ManifestDigest = strings.Repeat("0", 64) }, "another bundle"},
		"errors":            {func(r *Report) { r.Findings = []audit.Finding{finding(audit.Error, "X", "", 0)} }, "1 error"},
		"errors, said none": {func(r *Report) { r.Findings, r.Result = []audit.Finding{finding(audit.Error, "X", "", 0)}, Clean }, "1 error"},
		"errors, cut":       {func(r *Report) { r.Findings, r.Counts.Errors = nil, 3 }, "3 errors"},
		"unread":            {func(r *Report) { r.Unread = []audit.Unread{{Path: "/a"}} }, "could be read"},
		"incomplete":        {func(r *Report) { r.Result = Incomplete }, "could be read"},
		"no rules":          {func(r *Report) { r.Rules = nil }, "no rule"},
	} {
		r := sample()
		tt.change(r)
		err := r.Accept(digest, now())
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestGaps(t *testing.T) {
	r := sample()
	if gaps := r.Gaps("hvm"); len(gaps) > 0 {
		t.Errorf("%q", gaps)
	}
	r.Rules = r.Rules[1:]
	r.Allowed, r.Options.Allow = 2, []string{"LOGS", "HISTORY:/root/*"}
	want := []string{
		"the audit was made without " + audit.Rules()[0].ID,
		"the audit was told to allow 2 findings: LOGS, HISTORY:/root/*",
		"the audit was of an image that boots as hvm, and this one is paravirtual",
	}
	if diff := cmp.Diff(want, r.Gaps("paravirtual")); diff != "" {
		t.Error(diff)
	}
	r.Image.Virtualization = ""
	want[2] = "the audit did not know that the image is to boot as hvm: whether it can was not looked at"
	if diff := cmp.Diff(want, r.Gaps("hvm")); diff != "" {
		t.Error(diff)
	}
}
