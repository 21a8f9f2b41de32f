package clean

import (
	"io/fs"
	"path"
	"regexp"
	"strings"

	"amiforge/internal/audit"
	"amiforge/internal/secret"
)

// places find out what is to be done with a file by its name.
type places struct {
	byRoot  map[string][]place // by the first part of their paths
	rotated *regexp.Regexp
}

func newPlaces() *places {
	p := &places{
		byRoot:  map[string][]place{},
		rotated: regexp.MustCompile(`\.(gz|bz2|xz|zst|lz4|old|[0-9]+)$|[-.][0-9]{8}([-.]|$)|\.[0-9]+\.log$|\.journal~?$`),
	}
	for _, place := range rootPlaces() {
		first, _, _ := strings.Cut(place.pattern, "/")
		p.byRoot[first] = append(p.byRoot[first], place)
	}
	return p
}

// A file is what is asked about.
type file struct {
	name    string // in the system
	mode    fs.FileMode
	size    int64
	content func(n int64) ([]byte, error) // the first n bytes
}

// A fate is what becomes of a file.
type fate struct {
	rule string
	do   deed   // one of remove, removeName, empty and lock
	path string // that a message has
}

// find returns the fate of a file, nil if it stays as it is. homes are the directories of users.
func (p *places) find(f *file, homes map[string]bool) (*fate, error) {
	first, _, _ := strings.Cut(f.name, "/")
	for _, place := range p.byRoot[first] {
		if !place.matches(f.name) {
			continue
		}
		if do, ok, err := p.deed(place.do, f); err != nil || ok {
			return &fate{rule: place.rule, do: do}, err
		}
	}
	for dir := path.Dir(f.name); dir != "."; dir = path.Dir(dir) {
		if homes[dir] || path.Dir(dir) == "home" { // which may be hidden by what is mounted on it
			return inHome(dir, strings.TrimPrefix(f.name, dir+"/"), f)
		}
	}
	if homes["."] && strings.HasPrefix(f.name, ".") { // the rest is the system's
		return inHome(".", f.name, f)
	}
	return nil, nil
}

func (p place) matches(name string) bool {
	if above, ok := strings.CutSuffix(p.pattern, "**"); ok {
		return strings.HasPrefix(name, above)
	}
	ok, _ := path.Match(p.pattern, name)
	return ok
}

// deed returns what is done with a file of its kind, and whether anything is.
func (p *places) deed(do deed, f *file) (deed, bool, error) {
	regular := f.mode.IsRegular()
	switch do {
	case log:
		if regular && p.rotated.MatchString(path.Base(f.name)) {
			return remove, true, nil
		}
		return empty, regular && f.size > 0, nil
	case removeFile:
		return remove, regular, nil
	case lock:
		return lock, regular && f.size > 0, nil
	case neutral:
		if !regular {
			return empty, false, nil
		}
		content, err := f.content(enough)
		return empty, audit.IsOfMachine(f.name, content), err
	}
	return do, true, nil
}

// enough is as much as is read of a file to tell what is in it, in bytes.
const enough = 1 << 20

// inHome returns the fate of a file whose path from a user's home is name. Keys and credentials elsewhere are those of
// services, which somebody has to look after.
func inHome(home, name string, f *file) (*fate, error) {
	if name == ".ssh/authorized_keys" || name == ".ssh/authorized_keys2" {
		return &fate{rule: "SSH-AUTHKEYS", do: remove}, nil
	}
	switch {
	case !f.mode.IsRegular():
	case audit.IsHistory(name):
		return &fate{rule: "HISTORY", do: remove}, nil
	case audit.IsCredential(name):
		content, err := f.content(enough)
		if err != nil || audit.HasCredential(name, content) {
			return &fate{rule: "CLOUD-CRED", do: remove}, err
		}
	case strings.HasPrefix(name, ".ssh/"), !strings.Contains(name, "/") && isOfPerson(home):
		content, err := f.content(secret.Enough)
		if err != nil || secret.PrivateKey(content) != "" {
			return &fate{rule: "SSH-USERKEY", do: remove}, err
		}
	}
	return nil, nil
}

// isOfPerson tells the homes of people from those that services have.
func isOfPerson(home string) bool {
	return home == "root" || strings.HasPrefix(home, "home/") || strings.HasPrefix(home, "var/roothome") || strings.HasPrefix(home, "var/home/")
}
