package auditreport

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"amiforge/internal/audit"
)

const (
	// MaxSize is how long a report is at most that is read again, in bytes.
	MaxSize = 32 << 20

	// MaxAge is how old a report may be for an image to be shared because of it. What is looked for, and what systems
	// are still supported, changes.
	MaxAge = 30 * 24 * time.Hour

	// skew is how far the clock of the machine that made a report may be ahead.
	skew = 10 * time.Minute
)

// Parse reads a report in its JSON form.
func Parse(text []byte) (*Report, error) {
	r := &Report{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("not a report of an audit in JSON: %w", err)
	}
	switch {
	case r.FormatVersion == 0:
		return nil, errors.New("not a report of an audit in JSON: it has no formatVersion")
	case r.FormatVersion != FormatVersion:
		return nil, fmt.Errorf("the report is of format %d, only %d is known", r.FormatVersion, FormatVersion)
	}
	for _, f := range r.Findings {
		if f.Severity.String() == "" {
			return nil, fmt.Errorf("a finding of %q has no severity", f.Rule)
		}
	}
	return r, nil
}

// Accept returns an error unless the report lets the image with a manifest of that digest be shared at a time: it is of
// that manifest, fresh and complete, and no finding in it is an error, whatever its own words for that are.
func (r *Report) Accept(manifestDigest string, now time.Time) error {
	age := now.Sub(r.Date)
	errs := max(r.Count(audit.Error), r.Counts.Errors) // a shortened report may have them in one place only
	switch {
	case r.Image.ManifestDigest == "":
		return fmt.Errorf("the report is about %s, not about a bundle", r.Image.Source)
	case !strings.EqualFold(r.Image.ManifestDigest, manifestDigest):
		return errors.New("the report is about another bundle: its manifestDigest is not that of the image's manifest")
	case age > MaxAge:
		return fmt.Errorf("the report is of %s, more than %d days old", r.Date.Format(time.DateOnly), MaxAge/(24*time.Hour))
	case age < -skew:
		return fmt.Errorf("the report is of %s, which is yet to come", r.Date.Format(time.RFC3339))
	case len(r.Unread) > 0 || r.Result == Incomplete:
		return errors.New("the report says that not all of the image could be read")
	case len(r.Rules) == 0:
		return errors.New("the report says that no rule was looked at")
	case errs > 0:
		return fmt.Errorf("the report has %s", count(errs, "error"))
	}
	return nil
}

// Gaps says what the audit was told not to look at, or did not know of an image that boots with the virtualization type.
func (r *Report) Gaps(virtualization string) (gaps []string) {
	var missing []string
	for _, rule := range audit.Rules() {
		if !slices.Contains(r.Rules, rule.ID) {
			missing = append(missing, rule.ID)
		}
	}
	if len(missing) > 0 {
		gaps = append(gaps, "the audit was made without "+strings.Join(missing, ", "))
	}
	if r.Allowed > 0 {
		gaps = append(gaps, fmt.Sprintf("the audit was told to allow %s: %s",
			count(r.Allowed, "finding"), strings.Join(r.Options.Allow, ", ")))
	}
	switch r.Image.Virtualization {
	case virtualization:
	case "":
		gaps = append(gaps, "the audit did not know that the image is to boot as "+virtualization+": whether it can was not looked at")
	default:
		gaps = append(gaps, "the audit was of an image that boots as "+r.Image.Virtualization+", and this one is "+virtualization)
	}
	return gaps
}
