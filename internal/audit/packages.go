package audit

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"

	"amiforge/internal/rpmdb"
)

// packageListSize is the limit for the list of installed packages, which is longer than a configuration.
const packageListSize = 64 << 20

// packages returns the versions of the packages that are installed, as the databases of dpkg, apk and rpm have them.
func (r *run) packages() map[string]string {
	r.facts.packagesOnce.Do(func() {
		r.facts.packages, r.facts.conffiles = map[string]string{}, map[string]string{}
		for _, name := range append(apkDatabases(), "var/lib/dpkg/status") {
			b, err := r.root.ReadUpTo(name, packageListSize)
			if r.told(name, err) {
				parsePackages(b, r.facts.packages)
				parseConffiles(b, r.facts.conffiles)
			}
		}
		r.rpm(func(p rpmdb.Package) error {
			r.facts.packages[p.Name] = p.Version
			return nil
		})
	})
	return r.facts.packages
}

func apkDatabases() []string { return []string{"lib/apk/db/installed", "usr/lib/apk/db/installed"} }

// parseConffiles adds what a database of dpkg has of files of configuration: a sum by MD5, which says whether somebody
// changed what came with the package.
func parseConffiles(b []byte, sums map[string]string) {
	for line := range bytes.Lines(b) {
		if words := strings.Fields(string(line)); line[0] == ' ' && len(words) >= 2 && len(words[1]) == 2*md5.Size && words[0][0] == '/' {
			sums[words[0][1:]] = words[1]
		}
	}
}

// isUnchanged tells whether content is that of a file of configuration as a package has brought it: what is in it,
// everybody has.
func (r *run) isUnchanged(name string, content []byte) bool {
	r.packages()
	want, ok := r.facts.conffiles[name]
	if !ok {
		return false
	}
	sum := md5.Sum(content) // what dpkg has
	return want == hex.EncodeToString(sum[:])
}

// isOfPackage tells whether a file in /etc is of a package, and as that has brought it where this is known.
func (r *run) isOfPackage(name string, content []byte) bool {
	r.packages()
	if _, ok := r.facts.conffiles[name]; ok {
		return r.isUnchanged(name, content)
	}
	return r.isListed(name, false)
}

// parsePackages adds what a database of dpkg, or of apk with its short names, has.
func parsePackages(b []byte, versions map[string]string) {
	var name, version, status string
	store := func() {
		if name != "" && (status == "" || strings.HasSuffix(status, " installed")) {
			versions[name] = version
		}
		name, version, status = "", "", ""
	}
	for line := range bytes.Lines(b) {
		key, value, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "":
			store()
		case "Package", "P":
			name = value
		case "Version", "V":
			version = value
		case "Status":
			status = value
		}
	}
	store()
}

// before tells whether a version, with or without dpkg's epoch, is known and lower than major.minor.
func before(version string, major, minor int) bool {
	if _, rest, ok := strings.Cut(version, ":"); ok {
		version = rest
	}
	first, rest, _ := strings.Cut(version, ".")
	a, err := strconv.Atoi(first)
	if err != nil {
		return false
	}
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	b, _ := strconv.Atoi(rest[:end])
	return a < major || a == major && b < minor
}

// osRelease returns what /etc/os-release says, or the copy in /usr/lib.
func (r *run) osRelease() map[string]string {
	r.facts.osOnce.Do(func() {
		r.facts.os = map[string]string{}
		for _, name := range []string{"etc/os-release", "usr/lib/os-release"} {
			if b, ok := r.read(name); ok {
				r.facts.os, r.facts.osFile = variables(b), name
				return
			}
		}
		r.oldRelease()
	})
	return r.facts.os
}

// oldRelease takes what the releases say that are older than os-release: CentOS release 6.10 (Final).
func (r *run) oldRelease() {
	version := regexp.MustCompile(`\d+(?:\.\d+)*`)
	for _, of := range []struct{ file, word, id string }{
		{"etc/system-release", "Amazon Linux", "amzn"},
		{"etc/redhat-release", "CentOS", "centos"},
		{"etc/redhat-release", "Red Hat Enterprise", "rhel"},
		{"etc/debian_version", "", "debian"},
	} {
		b, _ := r.read(of.file)
		if v := version.Find(b); v != nil && bytes.Contains(b, []byte(of.word)) {
			r.facts.os, r.facts.osFile = map[string]string{"ID": of.id, "VERSION_ID": string(v)}, of.file
			return
		}
	}
}

// variables returns those that a file in the shell's syntax sets, without quotes.
func variables(b []byte) map[string]string {
	m := map[string]string{}
	for _, line := range settings(b) {
		if key, value, ok := strings.Cut(line, "="); ok {
			m[strings.TrimSpace(strings.TrimPrefix(key, "export "))] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return m
}
