package audit

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// A grant is a line of sudoers that lets somebody do something.
type grant struct {
	who, what string
	file      string
	line      int
}

const sudoFiles = 256 // that are included in all

func checkSudo(p *probe) {
	grants := p.sudoers("etc/sudoers", nil, 0)
	able := false
	for _, g := range grants {
		if !p.others(g.who) {
			continue
		}
		able = true
		if strings.Contains(g.what, "NOPASSWD") {
			p.find(Info, g.file, g.line, "%s needs no password for sudo", g.who)
		}
	}
	if !able && !p.cloudUserHasSudo() {
		p.find(Warning, "etc/sudoers", 0, "no user but root has sudo, and cloud-init makes none")
	}
}

// sudoers adds the grants of a file, and of what it includes [sudoers(5)].
func (r *run) sudoers(name string, grants []grant, depth int) []grant {
	if depth > 8 {
		return grants
	}
	b, _ := r.read(name)
	b = bytes.ReplaceAll(b, []byte("\\\n"), []byte("  ")) // a line that goes on
	for n, line := range lines(b) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "#include", "@include":
			grants = r.sudoers(sudoPath(words[1]), grants, depth+1)
		case "#includedir", "@includedir":
			for _, e := range r.list(sudoPath(words[1])) {
				if file := e.Name(); !strings.Contains(file, ".") && !strings.HasSuffix(file, "~") && len(grants) < sudoFiles {
					grants = r.sudoers(path.Join(sudoPath(words[1]), file), grants, depth+1)
				}
			}
		default:
			if who, what, ok := parseGrant(line); ok {
				grants = append(grants, grant{who, what, name, n})
			}
		}
	}
	return grants
}

func sudoPath(s string) string {
	if !strings.HasPrefix(s, "/") {
		s = "/etc/" + s
	}
	return strings.TrimPrefix(path.Clean(s), "/")
}

func parseGrant(line string) (who, what string, ok bool) {
	line = strings.TrimSpace(line)
	for _, other := range []string{"#", "Defaults", "User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias"} {
		if strings.HasPrefix(line, other) {
			return "", "", false
		}
	}
	left, what, ok := strings.Cut(line, "=")
	words := strings.Fields(left)
	if !ok || len(words) < 2 {
		return "", "", false
	}
	return words[0], what, true
}

// others tells whether somebody besides root is meant by who: a user that is there, a group with a member, or ALL.
func (r *run) others(who string) bool {
	group, isGroup := strings.CutPrefix(who, "%")
	if !isGroup {
		isAlias := who == strings.ToUpper(who)
		return who != "root" && (isAlias || slices.ContainsFunc(r.users(), func(u user) bool { return u.name == who }))
	}
	b, _ := r.read("etc/group")
	for _, line := range lines(b) {
		f := strings.Split(line, ":")
		if len(f) < 4 || f[0] != group {
			continue
		}
		gid := number(f[2])
		return strings.Trim(strings.TrimSpace(f[3]), ",") != "" ||
			slices.ContainsFunc(r.users(), func(u user) bool { return u.gid == gid && u.uid != 0 })
	}
	return false
}

// cloudUserHasSudo tells whether cloud-init makes a user that has sudo.
func (r *run) cloudUserHasSudo() bool {
	if !r.hasCloudInit() {
		return false
	}
	for _, name := range r.cloudConfig() {
		b, _ := r.read(name)
		for _, line := range settings(b) {
			if strings.HasPrefix(strings.TrimPrefix(line, "- "), "sudo:") {
				return true
			}
		}
	}
	return false
}
