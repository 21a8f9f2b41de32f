package filesystem

import (
	"io/fs"
	"strings"
	"syscall"
)

const (
	maxLinks  = 40   // symbolic links on a path, as Linux has it
	maxTarget = 4096 // bytes of a symbolic link
)

// walk finds the file that name leads to. A link at its end is followed if follow says so.
func (t *tree) walk(name string, follow bool) (*file, error) {
	if !valid(name) {
		return nil, fs.ErrInvalid
	}
	trail := []*file{t.root}
	links := 0
	for rest := name; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		here := trail[len(trail)-1]
		if !here.IsDir() {
			return nil, syscall.ENOTDIR
		}
		switch part {
		case "", ".":
			continue
		case "..":
			trail = trail[:max(len(trail)-1, 1)]
			continue
		}
		f, err := t.find(here, part)
		if err != nil {
			return nil, err
		}
		if f.mode&fs.ModeSymlink == 0 || !follow && rest == "" {
			trail = append(trail, f)
			continue
		}
		if links++; links > maxLinks {
			return nil, syscall.ELOOP
		}
		if f.link == "" || len(f.link) > maxTarget {
			return nil, damagedf("%s: a link of %d bytes", f.name, len(f.link))
		}
		if f.link[0] == '/' {
			trail = trail[:1]
		}
		rest = f.link + "/" + rest
	}
	return trail[len(trail)-1], nil
}

// valid is fs.ValidPath without a look at UTF-8.
func valid(name string) bool { return fs.ValidPath(strings.ToValidUTF8(name, "?")) }
