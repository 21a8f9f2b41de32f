package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"
	"unicode"

	"amiforge/internal/rootfs"
	"amiforge/internal/secret"
)

// A probe is a rule at work on an image. Names that it is told are those of rootfs, without a slash in front. Its methods
// may be called from several goroutines.
type probe struct {
	*run
	rule *Rule
}

// maxFindings is how many findings of one rule are kept. The others are counted.
const maxFindings = 1000

// A run is what the rules have in common.
type run struct {
	ctx     context.Context
	image   *Image
	root    *rootfs.Root
	now     time.Time
	facts   facts
	reading reading

	mu       sync.Mutex
	findings map[string][]Finding // by rule
	more     map[string]int       // those that were too many
	worst    map[string]Severity  // of those
	allow    []Allow
	allowed  int
	unread   map[string]string
	untold   int // that were too many for unread
}

// find says that there is something at line of the file name, which is "" for the image; line is 0 for all of it. The
// message must not have a secret in it.
func (p *probe) find(s Severity, name string, line int, format string, args ...any) {
	p.add(Finding{Severity: s, Path: absolute(name), Line: line, Message: fmt.Sprintf(format, args...)})
}

// findSecret is find for a secret, which is told by its hash.
func (p *probe) findSecret(s Severity, name string, line int, content []byte, format string, args ...any) {
	p.add(Finding{Severity: s, Path: absolute(name), Line: line, Message: fmt.Sprintf(format, args...), Hash: secret.Hash(content)})
}

func (p *probe) add(f Finding) {
	f.Rule, f.Path, f.Message = p.rule.ID, printable(f.Path), printable(f.Message)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.allow {
		if a.matches(f) {
			p.allowed++
			return
		}
	}
	if len(p.findings[f.Rule]) == maxFindings {
		p.more[f.Rule]++
		p.worst[f.Rule] = max(p.worst[f.Rule], f.Severity)
		return
	}
	p.findings[f.Rule] = append(p.findings[f.Rule], f)
}

// absolute returns the path that a finding has of a name.
func absolute(name string) string {
	switch name {
	case "":
		return ""
	case ".":
		return "/"
	}
	return "/" + strings.TrimPrefix(name, "/")
}

// printable replaces what could steer a terminal, and shortens what is too long to be read.
func printable(s string) string {
	const limit = 4096
	if len(s) > limit {
		s = s[:limit] + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
}

// maxUnread is how many files that cannot be read are told of by name.
const maxUnread = 100

// unreadable says that a file could not be read, so that the run ends in an error.
func (r *run) unreadable(name string, err error) {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	path := printable(absolute(name))
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.unread[path]; !ok && len(r.unread) == maxUnread {
		r.untold++
		return
	}
	r.unread[path] = printable(err.Error())
}

// read returns the content of a file of configuration, of rootfs.ConfigSize at most. It is not ok where there is none; an
// error is told to the run.
func (r *run) read(name string) (content []byte, ok bool) {
	b, err := r.root.ReadFile(name)
	return b, r.told(name, err)
}

// exists tells whether name leads to anything.
func (r *run) exists(name string) bool {
	ok, err := r.root.Exists(name)
	return r.told(name, err) && ok
}

// stat describes what name leads to, nil if nothing is there.
func (r *run) stat(name string) fs.FileInfo {
	info, err := r.root.Stat(name)
	r.told(name, err)
	return info
}

// list returns the entries of a directory, none if there is no such.
func (r *run) list(name string) []fs.DirEntry {
	if info := r.stat(name); info == nil || !info.IsDir() {
		return nil
	}
	entries, err := r.root.ReadDir(name)
	r.told(name, err)
	return entries
}

// glob returns the names that match a pattern of rootfs.
func (r *run) glob(pattern string) []string {
	names, err := r.root.Glob(pattern)
	r.told(pattern, err)
	return names
}

// told reports whether err is nil. One that is not is told to the run unless it says that there is nothing: a file that is
// missing, a link that leads to itself, or what is no file but a pipe or a device.
func (r *run) told(name string, err error) bool {
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, rootfs.ErrLinks) && !errors.Is(err, rootfs.ErrNotRegular) {
		r.unreadable(name, err)
	}
	return err == nil
}
