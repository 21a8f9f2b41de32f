package tree

import (
	"fmt"
	"path"
	"strings"
	"sync/atomic"
)

// A pattern is what a name is compared with: one segment for each of its parts.
type pattern struct {
	text     string
	segments []segment
	anchored bool        // it has a slash: it is about the path from the root, not about any name
	used     atomic.Bool // something was left out or kept by it
}

// A segment is a part of a pattern. The usual kinds are told apart, for speed.
type segment struct {
	kind segmentKind
	text string
}

type segmentKind int

const (
	literal segmentKind = iota
	prefixed
	suffixed
	containing
	globbed
	anyPath // **
)

func parsePattern(text string) (*pattern, error) {
	trimmed := strings.TrimSuffix(strings.TrimSpace(text), "/")
	p := &pattern{text: text, anchored: strings.Contains(trimmed, "/")}
	for part := range strings.SplitSeq(strings.TrimPrefix(trimmed, "/"), "/") {
		if _, err := path.Match(part, ""); err != nil || part == "" || part == "." || part == ".." {
			return nil, fmt.Errorf("%q is not a pattern of names: it is a path from the root of the volume such as /mnt, or a name such as *.iso", text)
		}
		p.segments = append(p.segments, parseSegment(part))
	}
	return p, nil
}

func parsePatterns(texts []string) ([]*pattern, error) {
	var all []*pattern
	for _, text := range texts {
		p, err := parsePattern(text)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// use says that the pattern was about something, if it was. Several goroutines may say so: mostly they only read.
func (p *pattern) use(used bool) {
	if used && !p.used.Load() {
		p.used.Store(true)
	}
}

func parseSegment(part string) segment {
	const special = `*?[\`
	inner := strings.Trim(part, "*")
	stars := len(part) - len(inner)
	switch {
	case part == "**":
		return segment{kind: anyPath}
	case !strings.ContainsAny(part, special):
		return segment{literal, part}
	case inner == "" || strings.ContainsAny(inner, special):
		return segment{globbed, part}
	case stars == 1 && part[0] == '*':
		return segment{suffixed, inner}
	case stars == 1:
		return segment{prefixed, inner}
	case stars == 2 && part[0] == '*' && part[len(part)-1] == '*':
		return segment{containing, inner}
	}
	return segment{globbed, part}
}

func (s segment) match(name string) bool {
	switch s.kind {
	case literal:
		return name == s.text
	case prefixed:
		return strings.HasPrefix(name, s.text)
	case suffixed:
		return strings.HasSuffix(name, s.text)
	case containing:
		return strings.Contains(name, s.text)
	case globbed:
		ok, err := path.Match(s.text, name)
		return ok && err == nil
	}
	return true
}

// last is the segment that the last part of a name is compared with.
func (p *pattern) last() segment { return p.segments[len(p.segments)-1] }

// match tells whether the pattern is about name itself.
func (p *pattern) match(name string) bool {
	return p.matchBase(name[strings.LastIndexByte(name, '/')+1:], name)
}

// matchBase is match for those who know the last part of name.
func (p *pattern) matchBase(base, name string) bool {
	return p.last().match(base) && (!p.anchored || matchPath(p.segments, name))
}

// matchPath compares all segments with all parts of name. ** is any number of parts, none too.
func matchPath(segments []segment, name string) bool {
	for len(segments) > 0 {
		if segments[0].kind == anyPath {
			return len(segments) == 1 || matchBelow(segments[1:], name)
		}
		part, rest, more := strings.Cut(name, "/")
		if !segments[0].match(part) {
			return false
		}
		if segments, name = segments[1:], rest; !more {
			return len(segments) == 0
		}
	}
	return false
}

// matchBelow compares the segments with what is left of name once any number of parts were cut off.
func matchBelow(segments []segment, name string) bool {
	for more := true; more; _, name, more = strings.Cut(name, "/") {
		if matchPath(segments, name) {
			return true
		}
	}
	return false
}

// reaches tells whether something below the directory dir may match.
func (p *pattern) reaches(dir string) bool {
	segments := p.segments
	for more := dir != "."; more; {
		if len(segments) == 0 || segments[0].kind == anyPath {
			break
		}
		var part string
		if part, dir, more = strings.Cut(dir, "/"); !segments[0].match(part) {
			return false
		}
		segments = segments[1:]
	}
	return p.anchored && len(segments) > 0
}

// within tells whether the pattern is about name or a directory above it, and about which of both.
func (p *pattern) within(name string) (self, above bool) {
	if p.match(name) {
		return true, false
	}
	for i := range len(name) {
		if name[i] == '/' && p.match(name[:i]) {
			return false, true
		}
	}
	return false, false
}
