package rpmdb

import (
	"bytes"
	"encoding/binary"
)

// Tags of a header and types of their data [rpm, docs/manual/tags.md, hregions.md].
const (
	tagName       = 1000
	tagVersion    = 1001
	tagDirIndexes = 1116 // of each base name, the number of its directory
	tagBaseNames  = 1117
	tagDirNames   = 1118 // with a slash at the end

	typeInt32       = 4
	typeString      = 6
	typeStringArray = 8

	entrySize = 16

	maxFiles = 1 << 20 // of a package: linux-firmware has 5,000
	maxPath  = 4096    // bytes of the name of a directory
)

// A headerEntry is one of the index, big-endian.
type headerEntry struct {
	Tag, Type, Offset, Count uint32
}

// A header is what rpm knows of a package: an index, and the data that it refers to. In a database it has no magic in front.
type header struct {
	entries map[uint32]headerEntry
	data    []byte
}

func parseHeader(b []byte) (Package, error) {
	h := header{entries: map[uint32]headerEntry{}}
	if len(b) < 8 {
		return Package{}, damagedf("a package of %d bytes", len(b))
	}
	count, size := int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:]))
	if 8+count*entrySize+size > int64(len(b)) {
		return Package{}, damagedf("a package of %d bytes with %d tags", len(b), count)
	}
	index := b[8:][:count*entrySize]
	h.data = b[8+count*entrySize:][:size]
	for ; len(index) > 0; index = index[entrySize:] {
		var e headerEntry
		if _, err := binary.Decode(index, binary.BigEndian, &e); err != nil {
			return Package{}, err
		}
		h.entries[e.Tag] = e
	}
	return h.packageOf()
}

func (h *header) packageOf() (Package, error) {
	p := Package{Name: h.text(tagName), Version: h.text(tagVersion)}
	if n := max(h.entries[tagBaseNames].Count, h.entries[tagDirNames].Count); n > maxFiles {
		return Package{}, damagedf("package %q: %d files", p.Name, n)
	}
	bases, dirs, indexes := h.texts(tagBaseNames), h.texts(tagDirNames), h.numbers(tagDirIndexes)
	if len(bases) != len(indexes) {
		return Package{}, damagedf("package %q: %d files in %d places", p.Name, len(bases), len(indexes))
	}
	for _, i := range indexes {
		if int64(i) >= int64(len(dirs)) {
			return Package{}, damagedf("package %q: there is no directory %d", p.Name, i)
		}
		if n := len(dirs[i]); n > maxPath {
			return Package{}, damagedf("package %q: a name of %d bytes", p.Name, n)
		}
	}
	p.Files = func(yield func(string) bool) {
		for i, base := range bases {
			if !yield(dirs[indexes[i]] + base) {
				return
			}
		}
	}
	return p, nil
}

func (h *header) text(tag uint32) string {
	data, _ := h.at(tag, typeString)
	s, _, _ := bytes.Cut(data, []byte{0})
	return string(s)
}

func (h *header) texts(tag uint32) []string {
	data, n := h.at(tag, typeStringArray)
	var list []string
	for range n {
		s, rest, ok := bytes.Cut(data, []byte{0})
		if !ok {
			break
		}
		list, data = append(list, string(s)), rest
	}
	return list
}

func (h *header) numbers(tag uint32) []uint32 {
	data, n := h.at(tag, typeInt32)
	var list []uint32
	for ; n > 0 && len(data) >= 4; n-- {
		list, data = append(list, binary.BigEndian.Uint32(data)), data[4:]
	}
	return list
}

// at returns the data from a tag's on, and how many values it has; none where it is not there or of another type.
func (h *header) at(tag, kind uint32) ([]byte, uint32) {
	e, ok := h.entries[tag]
	if !ok || e.Type != kind || int64(e.Offset) > int64(len(h.data)) {
		return nil, 0
	}
	return h.data[e.Offset:], e.Count
}
