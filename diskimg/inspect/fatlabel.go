package inspect

import (
	"bytes"
	"encoding/binary"
)

// The label of a FAT file system is an entry of its root directory. The copy in the boot sector is often stale.

// label16 returns the label of FAT12 and FAT16, whose root directory is before the first cluster.
func (f *fat) label16(a *area) string {
	off := (uint64(f.Reserved) + f.tableLen*uint64(f.Tables)) * uint64(f.SectorSize)
	name, _ := fatLabel(a.bytes(int64(off), min(int64(f.RootEntries)*fatEntrySize, maxRead)))
	return name
}

// label32 returns the label of FAT32, whose root directory is a chain of clusters.
func (f *fat) label32(a *area) string {
	size := int64(f.SectorSize) * int64(f.SectorsPerCluster)
	cluster := uint64(f.tail32.RootCluster)
	for range maxLabelClusters {
		if cluster < 2 || cluster >= f.clusters+2 {
			return ""
		}
		sector := f.data + (cluster-2)*uint64(f.SectorsPerCluster)
		name, ended := fatLabel(a.bytes(int64(sector)*int64(f.SectorSize), min(size, maxRead)))
		if ended {
			return name
		}
		next := a.bytes(int64(f.Reserved)*int64(f.SectorSize)+4*int64(cluster), 4)
		if next == nil {
			return ""
		}
		cluster = uint64(binary.LittleEndian.Uint32(next) & 0x0fffffff)
	}
	return ""
}

// fatLabel looks for the label in a piece of a directory, and tells whether to look no farther.
func fatLabel(dir []byte) (name string, ended bool) {
	const (
		attributes = 11
		isVolume   = 0x08
		isDir      = 0x10
		longName   = 0x0f
		free       = 0xe5
		isFree     = 0x05 // stands for a name's first letter of that value
	)
	for ; len(dir) >= fatEntrySize; dir = dir[fatEntrySize:] {
		e := dir[:fatEntrySize]
		cluster := binary.LittleEndian.Uint16(e[20:]) | binary.LittleEndian.Uint16(e[26:])
		switch {
		case e[0] == 0:
			return "", true
		case e[0] == free || cluster != 0 || e[attributes]&0x3f == longName:
		case e[attributes]&(isVolume|isDir) == isVolume:
			b := bytes.Clone(e[:attributes])
			if b[0] == isFree {
				b[0] = free
			}
			return label(b), true
		}
	}
	return "", false
}
