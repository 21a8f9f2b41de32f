package audit

import (
	"cmp"
	"encoding"
	"fmt"
	"slices"
)

// A Severity says how much a finding matters: an Error keeps an image from being made public.
type Severity int

// The severities, the worst one last.
const (
	Info Severity = iota + 1
	Warning
	Error
)

var (
	_ encoding.TextMarshaler   = Severity(0)
	_ encoding.TextUnmarshaler = (*Severity)(nil)
)

func severityNames() map[Severity]string {
	return map[Severity]string{Info: "info", Warning: "warning", Error: "error"}
}

// String returns info, warning or error.
func (s Severity) String() string { return severityNames()[s] }

// ParseSeverity is the inverse of String.
func ParseSeverity(name string) (Severity, error) {
	for s, n := range severityNames() {
		if n == name {
			return s, nil
		}
	}
	return 0, fmt.Errorf("severity %q: it is info, warning or error", name)
}

// MarshalText is String, which JSON has.
func (s Severity) MarshalText() ([]byte, error) {
	if s.String() == "" {
		return nil, fmt.Errorf("severity %d", int(s))
	}
	return []byte(s.String()), nil
}

// UnmarshalText is ParseSeverity.
func (s *Severity) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSeverity(string(text))
	return err
}

// A Finding is what a rule has to say of one place. It has no secret in it, and nothing that could steer a terminal.
type Finding struct {
	Rule     string   `json:"rule"` // the ID
	Severity Severity `json:"severity"`
	Path     string   `json:"path,omitempty"` // /etc/passwd; "" where it is about the image
	Line     int      `json:"line,omitempty"` // from 1 on; 0 where it is about the file
	Message  string   `json:"message"`
	Hash     string   `json:"hash,omitempty"` // of the secret, to tell it from others: see secret.Hash
}

// compare orders findings by path, line and rule.
func (f Finding) compare(g Finding) int {
	return cmp.Or(
		cmp.Compare(f.Path, g.Path), cmp.Compare(f.Line, g.Line), cmp.Compare(f.Rule, g.Rule),
		cmp.Compare(g.Severity, f.Severity), cmp.Compare(f.Message, g.Message), cmp.Compare(f.Hash, g.Hash),
	)
}

func sortFindings(list []Finding) []Finding {
	slices.SortFunc(list, Finding.compare)
	return slices.Compact(list)
}

// A Report is what a Run has found.
type Report struct {
	Findings []Finding `json:"findings"` // by path, line and rule
	Rules    []string  `json:"rules"`    // the IDs of those that ran
	Skipped  []string  `json:"skipped,omitempty"`
	Allowed  int       `json:"allowed,omitempty"` // findings that Options.Allow took away
	Unread   []Unread  `json:"unread,omitempty"`  // if any, the report does not say that the image is clean

	// Elsewhere has the directories on which other file systems are mounted, beside those of the kernel: they were not
	// looked into.
	Elsewhere []string `json:"elsewhere,omitempty"`

	// PackagesUnknown tells that no package manager of the image says which files are of packages: all that is in the
	// directories of the distribution was taken for such.
	PackagesUnknown bool `json:"packagesUnknown,omitempty"`

	Files        int64 `json:"files"`        // that were seen: all that have a name
	FilesScanned int64 `json:"filesScanned"` // whose content was read
	BytesScanned int64 `json:"bytesScanned"` // of them, and of free space
}

// Unread is what could not be read, and why.
type Unread struct {
	Path  string `json:"path"`
	Error string `json:"error"`
}

// Count returns how many findings are of severity s or worse.
func (r *Report) Count(s Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity >= s {
			n++
		}
	}
	return n
}
