package audit

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"amiforge/internal/secret"
)

// facts are what several rules want to know, found out once.
type facts struct {
	usersOnce sync.Once
	users     []user

	sshdOnce sync.Once
	sshd     *sshdConfig

	packagesOnce sync.Once
	packages     map[string]string
	conffiles    map[string]string

	osOnce sync.Once
	os     map[string]string
	osFile string

	secretsOnce sync.Once
	secrets     *secret.Scanner

	packagedOnce sync.Once
	packaged     *packagedFiles
}

// A user is a line of /etc/passwd. What is not a number there is -1 here.
type user struct {
	name, password string
	uid, gid       int64
	home, shell    string
	line           int
}

// maxUsers is how many lines of /etc/passwd are looked at.
const maxUsers = 100_000

// users returns those of /etc/passwd.
func (r *run) users() []user {
	r.facts.usersOnce.Do(func() {
		b, _ := r.read("etc/passwd")
		r.facts.users = parsePasswd(b)
	})
	return r.facts.users
}

func parsePasswd(b []byte) []user {
	var users []user
	for n, text := range lines(b) {
		f := strings.Split(text, ":")
		if len(f) < 7 || f[0] == "" || len(users) == maxUsers {
			continue
		}
		users = append(users, user{name: f[0], password: f[1], uid: number(f[2]), gid: number(f[3]), home: f[5], shell: f[6], line: n})
	}
	return users
}

// number returns what s is for getpwent(3), which takes blanks and signs as strtoul(3) does: +0 is root.
func number(s string) int64 {
	digits, negative := strings.CutPrefix(strings.TrimLeft(s, " \t\v\f\r"), "-")
	if !negative {
		digits = strings.TrimPrefix(digits, "+")
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	switch {
	case err != nil:
		return -1
	case negative:
		return int64(-uint32(n))
	}
	return int64(n)
}

// homes returns the directories of users as names, sorted: root, those in home, and all that /etc/passwd has and that
// are there, but for the root itself.
func (r *run) homes() []string {
	homes := []string{"root"}
	for _, e := range r.list("home") {
		homes = append(homes, "home/"+e.Name())
	}
	for _, u := range r.users() {
		if name := strings.TrimPrefix(path.Clean("/"+u.home), "/"); name != "" {
			homes = append(homes, name)
		}
	}
	slices.Sort(homes)
	homes = slices.Compact(homes)
	return slices.DeleteFunc(homes, func(name string) bool {
		info := r.stat(name)
		return info == nil || !info.IsDir()
	})
}
