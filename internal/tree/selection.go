package tree

import (
	"slices"
	"strings"
)

// A Selection tells what of a tree is wanted: all, but for what is excluded, but for what is included.
//
// A pattern with a slash is about the path from the root of the tree, /mnt or /var/cache/*.bin; one without is about any
// name, *.iso. In a part of a path *, ? and [a-z] stand for characters, and ** for any number of parts. What a pattern is
// about goes with all that is below it.
//
// A directory that is excluded by its name, not by a wildcard, stays and is empty: programs expect /tmp to be there.
//
// What is included wins, with the directories that it is in: also below an excluded directory, if the pattern has a slash.
type Selection struct{ exclude, include []*pattern }

// NewSelection parses the patterns of what is excluded and included.
func NewSelection(exclude, include []string) (*Selection, error) {
	excluded, err := parsePatterns(exclude)
	if err != nil {
		return nil, err
	}
	included, err := parsePatterns(include)
	return &Selection{excluded, included}, err
}

// Excluding returns a selection that excludes more than s, of which Unused does not tell.
func (s *Selection) Excluding(exclude []string) (*Selection, error) {
	more, err := parsePatterns(exclude)
	for _, p := range more {
		p.use(true)
	}
	return &Selection{slices.Concat(s.exclude, more), s.include}, err
}

// Wants tells whether the item called name, which is a directory or not, stays in the tree.
func (s *Selection) Wants(name string, dir bool) bool {
	s.included(name) // for Unused
	excluded, stays := s.excluded(name)
	return !excluded || dir && (stays || s.reaches(name))
}

// Skip tells whether nothing of name is wanted: not it and, of a directory, nothing in it. It is for DirOptions.
func (s *Selection) Skip(name string, dir bool) bool {
	excluded, _ := s.excluded(name)
	return excluded && !(dir && s.reaches(name))
}

// Includes tells whether name, or a directory above it, is included by a pattern. A nil Selection includes nothing.
func (s *Selection) Includes(name string) bool {
	included, _ := s.included(name)
	return included
}

// Unused returns the patterns that were about nothing of what Wants and Skip were asked about, but for those of what is
// excluded with a directory above it. It is for the end: a path that is not from the root of the tree leaves nothing out,
// and keeps nothing.
func (s *Selection) Unused() (exclude, include []string) {
	for _, p := range s.exclude {
		if !p.used.Load() && !s.isBelow(p) {
			exclude = append(exclude, p.text)
		}
	}
	for _, p := range s.include {
		if !p.used.Load() {
			include = append(include, p.text)
		}
	}
	return exclude, include
}

// isBelow tells whether another pattern is about a directory above what p is about, which is not looked into then.
func (s *Selection) isBelow(p *pattern) bool {
	name := strings.Trim(p.text, "/ ")
	for _, other := range s.exclude {
		if self, above := other.within(name); p.anchored && other != p && (self || above) {
			return true
		}
	}
	return false
}

// excluded tells whether name is, and whether a directory of this name stays all the same.
func (s *Selection) excluded(name string) (excluded, stays bool) {
	if name == "." {
		return false, true
	}
	below := false
	for _, p := range s.exclude {
		self, above := p.within(name)
		p.use(self)
		excluded = excluded || self || above
		below = below || above
		stays = stays || self && p.last().kind == literal
	}
	if !excluded {
		return false, false
	}
	if included, anchored := s.included(name); anchored || included && !below {
		return false, false
	}
	return true, stays && !below
}

// included tells whether name is, and whether it is by a path from the root.
func (s *Selection) included(name string) (included, anchored bool) {
	if s == nil {
		return false, false
	}
	for _, p := range s.include {
		if self, above := p.within(name); self || above {
			p.use(true)
			included = true
			anchored = anchored || p.anchored
		}
	}
	return included, anchored
}

// reaches tells whether something below dir may be included by its path.
func (s *Selection) reaches(dir string) bool {
	for _, p := range s.include {
		if p.reaches(dir) {
			return true
		}
	}
	return false
}

// Exclude leaves out of src what s does not want. Another name of a file that is left out becomes the file: the content of
// what is left out is kept for that, up to 16 MiB in all. Where src is OpenDir's, DirOptions.Skip keeps it from reading
// what is left out, and then any file may have other names.
func Exclude(src Source, s *Selection) Source {
	return newRemover(src, func(name string, dir bool) bool { return !s.Wants(name, dir) })
}
