package auditimage

import (
	"io/fs"

	"amiforge/diskimg/ext4"
	"amiforge/diskimg/inspect"
)

// A Volume is a file system on the disk, and where it belongs in the tree of a system.
type Volume struct {
	Name        string // partition 2, or the disk
	Start, Size int64  // of its partition, in bytes
	Kind        inspect.FileSystem
	Ext         *ext4.FS // nil if it is none of ext2, ext3 and ext4

	System *System
	At     string // where it is mounted there, as io/fs has it
}

// Volumes returns the file systems that were opened, by their partitions.
func (m *Image) Volumes() []Volume {
	list := make([]Volume, len(m.volumes))
	for i, v := range m.volumes {
		list[i] = Volume{Name: v.name, Start: v.partition.Start, Size: v.partition.Size, Kind: v.kind}
		list[i].Ext, _ = v.fsys.(*ext4.FS)
		list[i].System, list[i].At = m.placeOf(v)
	}
	return list
}

// placeOf returns where a volume is mounted. One that no fstab mentions is in the first system, under its name.
func (m *Image) placeOf(v *volume) (*System, string) {
	for i := range m.Systems {
		s := &m.Systems[i]
		if s.base == fs.FS(v.fsys) {
			return s, "."
		}
		for _, mounted := range s.mounts {
			if mounted.fsys != fs.FS(v.fsys) {
				continue
			}
			if at, err := s.Root.Resolve(mounted.at); err == nil {
				return s, at
			}
			return s, mounted.at
		}
	}
	return &m.Systems[0], v.name
}

// Disk says what is on the disk, nil if the image is a directory.
func (m *Image) Disk() *inspect.Report { return m.disk }
