package audit

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// A Rule is one check. It has check or begin, or both.
type Rule struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`    // what it wants, in a few words
	Severity Severity `json:"severity"` // the worst that it gives
	Sources  []string `json:"sources"`  // where it is from: see Sources
	Advice   string   `json:"advice"`   // what to do about a finding

	check func(*probe)         // looks at known places
	begin func(*probe) visitor // takes part in the walk over all files
}

// Sources returns what the abbreviations in Rule.Sources stand for.
func Sources() map[string]string {
	return map[string]string{
		"G1":       "shared AMI guideline: update the AMI tools at boot",
		"G2":       "shared AMI guideline: disable password-based remote logins for root",
		"G3":       "shared AMI guideline: disable local root access",
		"G4":       "shared AMI guideline: remove SSH host key pairs",
		"G5":       "shared AMI guideline: install public key credentials",
		"G6":       "shared AMI guideline: disable sshd DNS checks (optional)",
		"G7":       "shared AMI guideline: identify yourself",
		"G8":       "shared AMI guideline: protect yourself",
		"MP":       "AWS Marketplace AMI policies",
		"IB":       "EC2 Image Builder clean-up script",
		"BV":       "default filter of ec2-bundle-vol",
		"DB":       "Dufflebag",
		"SHARED":   "guidance on using shared AMIs: credentials and remote logging of third parties",
		"SYSPREP":  "virt-sysprep",
		"BALDUZZI": "Balduzzi et al., A Security Analysis of Amazon's Elastic Compute Cloud Service (2012)",
		"COPY":     "copying AMIs between regions: content must be neutral of region",
		"PUBLIC":   "requirements for making an AMI public",
		"BOOT":     "Linux AMI virtualization types",
	}
}

// Rules returns all rules, by ID.
func Rules() []Rule {
	rules := slices.Concat(
		sshRules(), accountRules(), cloudRules(), leftoverRules(), remoteLogRules(), backdoorRules(), bootRules(),
		systemRules(), metadataRules(), secretRules(),
	)
	slices.SortFunc(rules, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
	return rules
}

// An Allow takes findings away: those of a rule, everywhere or where Path matches.
type Allow struct {
	ID   string
	Path string // a pattern of path.Match, or one that ends in /** for all that is below; "" for every place
}

// ParseAllow reads ID or ID:PATH.
func ParseAllow(s string) (Allow, error) {
	id, pattern, ok := strings.Cut(s, ":")
	switch {
	case !slices.ContainsFunc(Rules(), func(r Rule) bool { return r.ID == id }):
		return Allow{}, unknownRule(id)
	case ok && !strings.HasPrefix(pattern, "/"):
		return Allow{}, fmt.Errorf("%s: the path must begin with a slash", s)
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return Allow{}, fmt.Errorf("%s: %w", s, err)
	}
	return Allow{id, pattern}, nil
}

func unknownRule(id string) error { return fmt.Errorf("there is no rule %q", id) }

func (a Allow) matches(f Finding) bool {
	if a.ID != f.Rule {
		return false
	}
	if below, ok := strings.CutSuffix(a.Path, "/**"); ok {
		return below == "" || f.Path == below || strings.HasPrefix(f.Path, below+"/")
	}
	ok, _ := path.Match(a.Path, f.Path)
	return ok || a.Path == ""
}
