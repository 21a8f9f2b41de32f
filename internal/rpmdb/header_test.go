package rpmdb

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
)

// headerOf makes one of a package p with the files, which are all in the directories.
func headerOf(files int, dirs []string, indexes []uint32) []byte {
	var index, data []byte
	tag := func(tag, kind uint32, count int, content []byte) {
		for _, n := range []uint32{tag, kind, uint32(len(data)), uint32(count)} {
			index = binary.BigEndian.AppendUint32(index, n)
		}
		data = append(data, content...)
	}
	var places []byte
	for _, i := range indexes {
		places = binary.BigEndian.AppendUint32(places, i)
	}
	tag(tagDirIndexes, typeInt32, len(indexes), places)
	tag(tagName, typeString, 1, []byte("p\x00"))
	tag(tagBaseNames, typeStringArray, files, []byte(strings.Repeat("f\x00", files)))
	tag(tagDirNames, typeStringArray, len(dirs), []byte(strings.Join(dirs, "\x00")+"\x00"))
	head := binary.BigEndian.AppendUint32(nil, uint32(len(index)/entrySize))
	head = binary.BigEndian.AppendUint32(head, uint32(len(data)))
	return slices.Concat(head, index, data)
}

func TestHeader(t *testing.T) {
	p, err := parseHeader(headerOf(2, []string{"/a/", "/b/"}, []uint32{1, 0}))
	if got := slices.Collect(p.Files); err != nil || p.Name != "p" || !slices.Equal(got, []string{"/b/f", "/a/f"}) {
		t.Errorf("%q has %q, error %v", p.Name, got, err)
	}
	for name, b := range map[string][]byte{
		"nothing":            nil,
		"cut off":            headerOf(1, []string{"/"}, []uint32{0})[:40],
		"no directory":       headerOf(1, []string{"/"}, []uint32{1}),
		"no place":           headerOf(2, []string{"/"}, []uint32{0}),
		"many files":         headerOf(maxFiles+1, []string{"/"}, make([]uint32, maxFiles+1)),
		"many directories":   headerOf(1, make([]string, maxFiles+1), []uint32{0}),
		"a long directory":   headerOf(1, []string{strings.Repeat("d", maxPath+1)}, []uint32{0}),
		"a name without end": headerOf(1, []string{"/"}, []uint32{0})[:8+4*entrySize],
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseHeader(b); !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v", err)
			}
		})
	}
}
