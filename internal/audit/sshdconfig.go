package audit

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// An sshdConfig is what sshd reads, in the order in which it does [sshd_config(5)]: the options of its command line,
// then the file, each Include where it stands.
type sshdConfig struct {
	settings []sshdSetting
	problem  string // why sshd does not take it
	files    int
}

// An sshdSetting is a line, with its key word in lower case and under the name that it has today.
type sshdSetting struct {
	key   string
	args  []string
	match string // the criteria of the Match block that it is in, "" outside of any
	file  string // as a name; "" if it is sshd's default
	line  int
}

const (
	sshdDepth = 16  // of Include in one another, as sshd has it
	sshdFiles = 256 // that are included in all
	sshdLines = 100_000
)

// sshd returns the configuration of OpenSSH's server, nil if the image has none.
func (r *run) sshd() *sshdConfig {
	r.facts.sshdOnce.Do(func() { r.facts.sshd = r.readSSHD() })
	return r.facts.sshd
}

func (r *run) readSSHD() *sshdConfig {
	programs := []string{"usr/sbin/sshd", "sbin/sshd", "usr/bin/sshd", "usr/local/sbin/sshd", "usr/lib/ssh/sshd"}
	if !slices.ContainsFunc(programs, r.exists) {
		return nil
	}
	c := &sshdConfig{}
	other := ""
	for _, name := range append([]string{"etc/default/ssh", "etc/default/sshd", "etc/sysconfig/sshd", "etc/conf.d/sshd"}, r.units()...) {
		if file := r.sshdOptions(c, name); file != "" {
			other = file
		}
	}
	for _, name := range []string{"etc/ssh/sshd_config", "usr/etc/ssh/sshd_config"} {
		if r.exists(name) {
			r.sshdFile(c, name, "", 0)
			break
		}
	}
	if other != "" && c.problem == "" {
		c.problem = "sshd is started with the configuration " + other
	}
	return c
}

// units returns the administrator's services, and what changes those of packages.
func (r *run) units() []string {
	return r.scripts("etc/systemd/system/*.service", "etc/systemd/system/*.d/*.conf", "usr/local/lib/systemd/system/*.service")
}

// sshdOptions takes the -o options from a service that starts sshd, or from a file of variables for one, and returns the
// configuration that -f says is to be taken in the place of sshd_config.
func (r *run) sshdOptions(c *sshdConfig, name string) (other string) {
	b, _ := r.read(name)
	for n, line := range settings(b) {
		key, value, _ := strings.Cut(line, "=")
		if strings.HasPrefix(key, "Exec") && !strings.Contains(value, "sshd ") {
			continue
		}
		words := strings.Fields(strings.Trim(value, `"'`))
		for i := range words {
			if file, ok := sshdOption(words[i:], "-f"); ok && strings.HasPrefix(file, "/") && file != "/etc/ssh/sshd_config" {
				other = file
			}
			if option, ok := sshdOption(words[i:], "-o"); ok {
				s := parseSSHD(strings.Trim(option, `"'`))
				s.file, s.line = name, n
				if s.key != "" {
					c.settings = append(c.settings, s)
				}
			}
		}
	}
	return other
}

// sshdOption returns the value of an option that words begin with, which may be the next word.
func sshdOption(words []string, option string) (value string, ok bool) {
	value, ok = strings.CutPrefix(words[0], option)
	if ok && value == "" && len(words) > 1 {
		value = words[1]
	}
	return value, ok
}

// sshdFile reads a file that stands in a Match block of these criteria. What the file says of Match ends with it.
func (r *run) sshdFile(c *sshdConfig, name, match string, depth int) {
	if c.files++; depth > sshdDepth || c.files > sshdFiles {
		c.problem = fmt.Sprintf("Include leads to too many files, %s among them", absolute(name))
		return
	}
	b, ok := r.read(name)
	if !ok {
		return
	}
	outer := match
	for n, line := range settings(b) {
		s := parseSSHD(line)
		switch s.key {
		case "":
		case "match":
			match = within(outer, strings.Join(s.args, " "))
		case "include":
			for _, pattern := range s.args {
				r.sshdInclude(c, pattern, match, depth+1)
			}
		default:
			s.match, s.file, s.line = match, name, n
			if c.settings = append(c.settings, s); len(c.settings) > sshdLines {
				c.problem = "there are too many lines"
			}
		}
		if c.problem != "" {
			return
		}
	}
}

// sshdInclude reads the files that match a pattern of glob(3), in the order of their names. Hidden files are not among them.
func (r *run) sshdInclude(c *sshdConfig, pattern, match string, depth int) {
	if !strings.HasPrefix(pattern, "/") {
		pattern = "/etc/ssh/" + pattern
	}
	pattern = strings.ReplaceAll(strings.TrimPrefix(path.Clean(pattern), "/"), "[!", "[^")
	for _, name := range r.glob(pattern) {
		hidden := strings.HasPrefix(path.Base(name), ".") && !strings.HasPrefix(path.Base(pattern), ".")
		if c.problem == "" && !hidden {
			r.sshdFile(c, name, match, depth)
		}
	}
}

// within returns the criteria of a Match block inside of another one. That of all connections adds nothing.
func within(outer, criteria string) string {
	switch {
	case outer == "" || outer == matchAll:
		if strings.EqualFold(criteria, matchAll) {
			return matchAll
		}
		return criteria
	case strings.EqualFold(criteria, matchAll):
		return outer
	}
	return outer + " " + criteria
}

// matchAll are the criteria that every connection fulfils.
const matchAll = "all"

// parseSSHD takes a line apart: a key word, and arguments after blanks or one =, which quotes keep together. What is left
// of a line after # is a comment.
func parseSSHD(line string) sshdSetting {
	line = strings.TrimSpace(line)
	end := strings.IndexAny(line, " \t=\"")
	if end <= 0 {
		return sshdSetting{}
	}
	rest := strings.TrimLeft(line[end:], " \t")
	if after, ok := strings.CutPrefix(rest, "="); ok {
		rest = after
	}
	return sshdSetting{key: sshdKey(strings.ToLower(line[:end])), args: sshdArgs(rest)}
}

// sshdKey returns the name of today of a key word.
func sshdKey(key string) string {
	switch key {
	case "challengeresponseauthentication", "skeyauthentication":
		return "kbdinteractiveauthentication"
	}
	return key
}

func sshdArgs(s string) []string {
	var args []string
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" || s[0] == '#' {
			return args
		}
		var arg strings.Builder
		quote := byte(0)
		i := 0
		for ; i < len(s); i++ {
			c := s[i]
			switch {
			case quote != 0 && c == quote:
				quote = 0
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case quote == 0 && (c == ' ' || c == '\t'):
				goto done
			case c == '\\' && i+1 < len(s) && strings.IndexByte(`"'\ `, s[i+1]) >= 0:
				i++
				arg.WriteByte(s[i])
			default:
				arg.WriteByte(c)
			}
		}
	done:
		args = append(args, arg.String())
		s = s[i:]
	}
}

// value returns the first argument in lower case.
func (s sshdSetting) value() string {
	if len(s.args) == 0 {
		return ""
	}
	return strings.ToLower(s.args[0])
}

// where says in which block the setting is, for a message.
func (s sshdSetting) where() string {
	if s.match == "" || s.match == matchAll {
		return ""
	}
	return fmt.Sprintf(" for connections that match %q", s.match)
}

// effective returns what key comes to for one connection or another: first the setting of those that no Match block is
// about, then those of the blocks. A block goes before what stands outside of all, and among blocks the first one counts,
// so that those behind Match all never do.
func (c *sshdConfig) effective(key, standard string) []sshdSetting {
	general := sshdSetting{key: key, args: []string{standard}}
	var special []sshdSetting
	found, all := false, false
	for _, s := range c.settings {
		switch {
		case s.key != key || all:
		case s.match == "" && !found:
			general, found = s, true
		case s.match == matchAll:
			general, all = s, true
		case s.match != "":
			special = append(special, s)
		}
	}
	return append([]sshdSetting{general}, special...)
}

// concerns tells whether a connection of user may be one of those that the setting is for.
func (s sshdSetting) concerns(user string) bool {
	words := strings.Fields(strings.ReplaceAll(s.match, "=", " "))
	for i := 0; i+1 < len(words); i++ {
		if strings.EqualFold(words[i], "user") && !matchesList(words[i+1], user) {
			return false
		}
	}
	return true
}

// matchesList tells whether s matches a list of patterns, of which those with ! exclude [ssh_config(5), PATTERNS].
func matchesList(list, s string) bool {
	matched := false
	for pattern := range strings.SplitSeq(list, ",") {
		pattern, negated := strings.CutPrefix(pattern, "!")
		if !wildcard(pattern, s) {
			continue
		}
		if negated {
			return false
		}
		matched = true
	}
	return matched
}

// wildcard matches s with a pattern in which only * and ? are special.
func wildcard(pattern, s string) bool {
	escaped := strings.NewReplacer(`\`, `\\`, "[", `\[`).Replace(pattern)
	ok, _ := path.Match(escaped, strings.ReplaceAll(s, "/", "_"))
	return ok
}
