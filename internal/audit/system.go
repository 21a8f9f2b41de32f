package audit

import (
	"slices"
	"strings"
	"time"
)

func systemRules() []Rule {
	return slices.Concat(netstateRules(), regionRules(), []Rule{{
		ID: "OS-EOL", Title: "the operating system is supported still", Severity: Warning, Sources: []string{"MP"},
		Advice: "Make the image from a release that gets security updates.",
		check:  checkEndOfLife,
	}})
}

func checkEndOfLife(p *probe) {
	os := p.osRelease()
	if len(os) == 0 {
		return
	}
	end, ok := endOfLife(os)
	if ok && p.now.After(end.AddDate(0, 0, 1)) {
		p.find(Warning, p.facts.osFile, 0, "%s has had no security updates since %s", os["ID"]+" "+os["VERSION_ID"], end.Format(time.DateOnly))
	}
}

// endOfLife returns the day of the last security update that costs nothing extra of a release. It is not ok where that is
// not known, as of a release without a number.
func endOfLife(os map[string]string) (end time.Time, ok bool) {
	id, version := os["ID"], os["VERSION_ID"]
	if id == "centos" && strings.Contains(os["NAME"], "Stream") {
		id = "centos-stream"
	}
	if id == "sles_sap" {
		id = "sles"
	}
	table := endsOfLife()[id]
	for version != "" {
		if day, found := table[version]; found {
			end, err := time.Parse(time.DateOnly, day)
			return end, err == nil
		}
		i := strings.LastIndexByte(version, '.')
		if i < 0 || id == "ubuntu" {
			break
		}
		version = version[:i]
	}
	return time.Time{}, false
}
