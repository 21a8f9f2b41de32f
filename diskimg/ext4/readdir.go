package ext4

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

const maxDirEntries = 1 << 22 // of one directory, that are read

// errEncrypted returns the error that says so. It is the same one for errors.Is.
func errEncrypted() error { return encrypted{} }

type encrypted struct{}

func (encrypted) Error() string { return "is encrypted" }
func (e encrypted) Is(target error) bool {
	return target == error(e) || errors.Is(unsupported{e}, target)
}

// A dirEntry is a name in a directory.
type dirEntry struct {
	name   string
	number uint32
	kind   uint8 // dirUnknown where the file system does not say
}

// A directory is one that was read: all names but "." and "..", in order.
type directory struct {
	number, parent uint32
	entries        []dirEntry
}

func (d *directory) find(name string) (dirEntry, bool) {
	i, ok := slices.BinarySearchFunc(d.entries, name, func(e dirEntry, name string) int { return cmp.Compare(e.name, name) })
	if !ok {
		return dirEntry{}, false
	}
	return d.entries[i], true
}

// directory reads inode number, or finds it among those that are kept. It must lie in parent: so no directory is in
// two, and none in itself.
func (f *FS) directory(number, parent uint32) (*directory, error) {
	d, err := f.dirs.get(number, func() (*directory, int64, error) {
		d, err := f.readDirectory(number)
		if err != nil {
			return nil, 0, fmt.Errorf("directory inode %d: %w", number, err)
		}
		return d, d.cost(), nil
	})
	if err != nil {
		return nil, err
	}
	if d.parent != parent {
		return nil, damagedf("directory inode %d: is in %d, but says that it is in %d", number, parent, d.parent)
	}
	return d, nil
}

// cost is about what d takes in memory, in bytes.
func (d *directory) cost() int64 {
	n := int64(128)
	for _, e := range d.entries {
		n += 32 + int64(len(e.name)+15)&^15
	}
	return n
}

func (f *FS) readDirectory(number uint32) (*directory, error) {
	n, err := f.node(number)
	switch {
	case err != nil:
		return nil, err
	case n.kind() != typeDir:
		return nil, damagedf("is not a directory")
	case n.LinksCount == 0:
		return nil, damagedf("is deleted")
	case n.has(inodeEncrypt):
		return nil, errEncrypted()
	}
	p := dirParser{f: f, dir: &directory{number: number}}
	if n.has(inodeInlineData) {
		err = p.inline(n)
	} else {
		err = p.blocks(n)
	}
	if err != nil {
		return nil, err
	}
	return p.dir, p.finish()
}

// finish sorts the names and looks for those that are there twice.
func (p *dirParser) finish() error {
	d := p.dir
	if d.parent == 0 {
		return damagedf(`has no ".."`)
	}
	slices.SortFunc(d.entries, func(a, b dirEntry) int { return cmp.Compare(a.name, b.name) })
	for i, e := range d.entries[min(1, len(d.entries)):] {
		if e.name == d.entries[i].name {
			return damagedf("%q is there twice", e.name)
		}
	}
	d.entries = slices.Clip(d.entries)
	return p.checkTwins()
}

// checkTwins refuses a directory that has two names here. Of files that is what hard links are.
func (p *dirParser) checkTwins() error {
	seen := make(map[uint32]bool)
	for _, e := range p.dir.entries {
		if e.kind != dirDir && e.kind != dirUnknown {
			continue
		}
		if !seen[e.number] {
			seen[e.number] = true
			continue
		}
		if n, err := p.f.node(e.number); err != nil || n.kind() == typeDir {
			return damagedf("%q is a directory that has another name", e.name)
		}
	}
	return nil
}
