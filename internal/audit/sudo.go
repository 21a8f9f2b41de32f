package audit

import (
	"fmt"
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

// A sudoers collects the grants of a file and of what it includes [sudoers(5)].
type sudoers struct {
	run    *run
	grants []grant
	open   []grant // what lets all grants be used without a password
	files  int
}

const (
	sudoFiles  = 256     // that are read, whatever they include
	sudoGrants = 100_000 // that are kept
)

func checkSudo(p *probe) {
	s := &sudoers{run: p.run}
	s.read("etc/sudoers")
	others := p.others()
	able := false
	for _, d := range s.open {
		p.find(Info, d.file, d.line, "nobody needs a password for sudo")
	}
	for _, g := range s.grants {
		isAlias := g.who == strings.ToUpper(g.who) && g.who[0] != '#'
		if !others[g.who] && !isAlias {
			continue
		}
		able = true
		if strings.Contains(g.what, "NOPASSWD") {
			p.find(Info, g.file, g.line, "%s needs no password for sudo", g.who)
		}
	}
	if doas := p.hasDoas(); !able && !doas && !p.cloudUserHasSudo() {
		p.find(Warning, "etc/sudoers", 0, "no user but root has sudo, and cloud-init makes none")
	}
}

func (s *sudoers) read(name string) {
	if s.files++; s.files > sudoFiles {
		return
	}
	b, _ := s.run.read(name)
	first, whole := 0, ""
	for n, line := range lines(b) {
		if whole == "" {
			first = n
		}
		text, goesOn := strings.CutSuffix(line, `\`)
		if whole += text; goesOn && len(whole) < 1<<16 {
			continue
		}
		s.line(name, first, whole)
		whole = ""
	}
}

func (s *sudoers) line(name string, n int, line string) {
	words := strings.Fields(line)
	if len(words) < 2 {
		return
	}
	switch words[0] {
	case "#include", "@include":
		s.read(sudoPath(words[1]))
	case "#includedir", "@includedir":
		for _, e := range s.run.list(sudoPath(words[1])) {
			if file := e.Name(); !strings.Contains(file, ".") && !strings.HasSuffix(file, "~") && s.files <= sudoFiles {
				s.read(path.Join(sudoPath(words[1]), file))
			}
		}
	case "Defaults":
		if strings.Contains(line, "!authenticate") && len(s.open) < sudoGrants {
			s.open = append(s.open, grant{file: name, line: n})
		}
	default:
		if who, what, ok := parseGrant(line); ok && len(s.grants) < sudoGrants {
			s.grants = append(s.grants, grant{who, what, name, n})
		}
	}
}

func sudoPath(s string) string {
	if !strings.HasPrefix(s, "/") {
		s = "/etc/" + s
	}
	return strings.TrimPrefix(path.Clean(s), "/")
}

func parseGrant(line string) (who, what string, ok bool) {
	line = strings.TrimSpace(line)
	if i := strings.IndexByte(line, '#'); i >= 0 && (len(line) == i+1 || line[i+1] < '0' || line[i+1] > '9') {
		line = line[:i] // and not the number of a user
	}
	for _, other := range []string{"Defaults", "User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias"} {
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

// others returns those who are not root: users that are there, and groups, with % in front, that have members.
func (r *run) others() map[string]bool {
	others, primary := map[string]bool{}, map[int64]bool{}
	for _, u := range r.users() {
		if u.uid != 0 {
			others[u.name], others[fmt.Sprintf("#%d", u.uid)], primary[u.gid] = true, true, true
		}
	}
	b, _ := r.read("etc/group")
	for _, line := range lines(b) {
		f := strings.Split(line, ":")
		if len(f) >= 4 && (strings.Trim(f[3], " ,") != "" || primary[number(f[2])]) {
			others["%"+f[0]] = true
		}
	}
	return others
}

// hasDoas tells whether doas(1) lets somebody become root, and says so where it takes no password.
func (p *probe) hasDoas() bool {
	able := false
	for _, name := range append(p.glob("etc/doas.d/*.conf"), "etc/doas.conf") {
		b, _ := p.read(name)
		for n, line := range settings(b) {
			words := strings.Fields(line)
			if words[0] != "permit" {
				continue
			}
			able = true
			if slices.Contains(words, "nopass") {
				p.find(Info, name, n, "nobody of those that it is for needs a password for doas")
			}
		}
	}
	return able
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
