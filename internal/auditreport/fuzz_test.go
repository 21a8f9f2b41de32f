package auditreport

import (
	"encoding/json"
	"testing"

	"amiforge/internal/audit"
)

// What is taken for a report can be written again, in each form, and has no errors if it is accepted.
func FuzzParse(f *testing.F) {
	text, err := json.Marshal(sample(finding(audit.Warning, "LOGS", "/var/log/a", 1)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"formatVersion": 1, "findings": [{"severity": "error", "line": -1}], "unread": [{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		r.Text()
		if r.Options.FailOn == 0 { // it has no name
			r.Options.FailOn = audit.Error
		}
		for _, v := range []any{r, r.SARIF()} {
			if _, err := json.Marshal(v); err != nil {
				t.Error(err)
			}
		}
		if r.Accept(digest, now()) == nil && r.Count(audit.Error) > 0 {
			t.Error("accepted with errors")
		}
	})
}
