package partition

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// add adds the partition that e tells of, as far as it lies on the disk of size bytes.
func (t *Table) add(e entry, size int64) {
	sectors := uint64(size / t.SectorSize)
	switch {
	case e.first >= sectors:
		t.warnf("partition %d is left out: it begins at sector %d, behind the end of the disk", e.index, e.first)
		return
	case e.sectors == 0 || e.first+e.sectors < e.first:
		t.warnf("partition %d is left out: it ends before it begins", e.index)
		return
	case e.sectors > sectors-e.first:
		t.warnf("partition %d is longer than the disk: %d of its %d sectors are there", e.index, sectors-e.first, e.sectors)
		e.sectors = sectors - e.first
	}
	p := Partition{
		Index: e.index, Start: int64(e.first) * t.SectorSize, Size: int64(e.sectors) * t.SectorSize,
		Type: e.kind, TypeName: typeName(e.kind), Name: printable(e.name), UUID: e.uuid,
		Bootable: e.bootable, Attributes: e.attributes,
	}
	if t.Kind == MBR {
		p.Extended = slices.Contains([]string{mbrType(0x05), mbrType(0x0f), mbrType(0x85)}, e.kind)
		if t.UUID == "" {
			p.UUID = ""
		}
	}
	t.Partitions = append(t.Partitions, p)
}

// warnOverlaps looks for partitions that share bytes. An extended one has its logical ones in it.
func (t *Table) warnOverlaps() {
	list := slices.DeleteFunc(slices.Clone(t.Partitions), func(p Partition) bool { return p.Extended })
	slices.SortFunc(list, func(a, b Partition) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Index, b.Index))
	})
	for i := 1; i < len(list); i++ {
		last := list[i-1]
		if list[i].Start < last.End() {
			t.warnf("partitions %d and %d overlap", last.Index, list[i].Index)
		}
		if list[i].End() < last.End() {
			list[i] = last // the one that reaches farther
		}
	}
}

// printable returns s with what could steer a terminal replaced.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
