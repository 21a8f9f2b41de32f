package volume

import (
	"io"
	"io/fs"
	"strings"
	"time"

	"amiforge/diskimg/ext4"
	"amiforge/internal/tree"
)

// Devices adds to src the device nodes without which a system may not come up (a console for init), if its dev is an
// empty directory. A kernel that mounts its own devices there hides them. They are of the given time.
func Devices(src tree.Source, at time.Time) tree.Source { return &devices{Source: src, at: at} }

type devices struct {
	tree.Source
	at     time.Time
	isDir  bool // there is a dev
	filled bool // and something in it
	rest   []ext4.Entry
	ended  bool
}

func (d *devices) Next() (*tree.Item, error) {
	if d.ended {
		return d.next()
	}
	item, err := d.Source.Next()
	switch {
	case err == io.EOF:
		d.ended = true
		if d.isDir && !d.filled {
			d.rest = deviceNodes(d.at)
		}
		return d.next()
	case err != nil:
		return nil, err
	}
	d.isDir = d.isDir || item.Name == "dev" && item.Mode.IsDir()
	d.filled = d.filled || strings.HasPrefix(item.Name, "dev/")
	return item, nil
}

func (d *devices) next() (*tree.Item, error) {
	if len(d.rest) == 0 {
		return nil, io.EOF
	}
	e := d.rest[0]
	d.rest = d.rest[1:]
	return &tree.Item{Entry: e}, nil
}

// deviceNodes returns the nodes, by the numbers that Linux has [admin-guide/devices.txt].
func deviceNodes(at time.Time) []ext4.Entry {
	node := func(name string, perm fs.FileMode, major, minor uint32) ext4.Entry {
		return ext4.Entry{
			Name: "dev/" + name, Mode: fs.ModeDevice | fs.ModeCharDevice | perm,
			Major: major, Minor: minor, ModTime: at,
		}
	}
	return []ext4.Entry{
		node("console", 0o600, 5, 1),
		node("full", 0o666, 1, 7),
		node("null", 0o666, 1, 3),
		node("random", 0o666, 1, 8),
		node("tty", 0o666, 5, 0),
		node("urandom", 0o666, 1, 9),
		node("zero", 0o666, 1, 5),
	}
}
