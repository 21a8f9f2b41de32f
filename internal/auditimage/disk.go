package auditimage

import (
	"fmt"
	"io"
	"strings"

	"amiforge/diskimg/filesystem"
	"amiforge/diskimg/inspect"
	"amiforge/diskimg/partition"
	"amiforge/internal/audit"
)

// A volume is a file system on the disk that is open.
type volume struct {
	name      string // partition 2, or the disk
	index     int    // of the partition, 0 for the disk
	partition partition.Partition
	kind      inspect.FileSystem
	fsys      filesystem.FS
	mounted   bool
}

// Open opens the file systems on a disk. Its errors are those of reading the disk's first bytes, and ErrNothing; one
// that says that a file system cannot be read is of the only one that there is.
func Open(disk Disk) (*Image, error) {
	report, err := inspect.Disk(disk, disk.Size())
	if err != nil {
		return nil, err
	}
	m := &Image{disk: report, maxRead: mayRead(disk.Size()), Notes: report.Warnings}
	o := &opening{image: m, disk: disk}
	if err := o.parts(report); err != nil {
		m.Close()
		return nil, err
	}
	if len(o.volumes) == 0 {
		m.Close()
		return nil, o.nothing()
	}
	o.assemble()
	m.volumes = o.volumes
	return m, nil
}

// mayRead returns how many bytes the files of a disk may have together: more is made for those who read it. squashfs and
// archives are compressed, and files may have holes.
func mayRead(size int64) int64 { return 32*size + 8<<30 }

// opening is an image that is being opened.
type opening struct {
	image   *Image
	disk    Disk
	volumes []*volume
}

// parts opens what is on the disk, part by part.
func (o *opening) parts(report *inspect.Report) error {
	if report.FileSystem != nil {
		whole := partition.Partition{Size: o.disk.Size()}
		if err := o.part("the disk", whole, report.FileSystem); err != nil {
			return err
		}
	}
	for _, p := range report.Partitions {
		if p.Extended {
			continue
		}
		if err := o.part(fmt.Sprintf("partition %d", p.Index), p.Partition, p.FileSystem); err != nil {
			return err
		}
	}
	o.gaps(report)
	return o.beneath(report.Ignored)
}

// beneath opens a file system that the partition table lies in, as it does in the first sector of what is mounted without
// one: it depends on the machine which of the two is seen. What is left of one that was there before is no more than odd.
func (o *opening) beneath(kind *inspect.FileSystem) error {
	if kind == nil {
		return nil
	}
	before := len(o.image.Unread)
	err := o.part("the whole disk", partition.Partition{Size: o.disk.Size()}, kind)
	if !strings.HasPrefix(kind.Type, "ext") {
		o.image.Unread = o.image.Unread[:before]
	}
	return err
}

// part opens what is in a partition. Its errors are those of reading the disk.
func (o *opening) part(name string, p partition.Partition, kind *inspect.FileSystem) error {
	switch {
	case kind == nil:
		return o.unknown(name, p)
	case len(kind.Also) > 0:
		types := strings.Join(append([]string{kind.Type}, kind.Also...), " and ")
		o.image.Unread = append(o.image.Unread, audit.Unread{Path: "/" + name, Error: "it looks like " + types + " at once"})
		return nil
	case kind.Type == "swap" || kind.Type == "swsuspend":
		o.pass(name, p, "is swap space")
		return nil
	}
	fsys, info, err := filesystem.Open(io.NewSectionReader(o.disk, p.Start, p.Size), p.Size)
	if err != nil {
		o.image.Unread = append(o.image.Unread, audit.Unread{Path: "/" + name, Error: err.Error()})
		return nil
	}
	o.volumes = append(o.volumes, &volume{name: name, index: p.Index, partition: p, kind: *kind, fsys: fsys})
	o.unused(name, p, info)
	for _, w := range info.Warnings {
		o.image.note("%s: %s", name, w)
	}
	return nil
}

// unknown tells apart what is empty, what boot loaders keep to themselves, and what ought to be read and cannot be.
func (o *opening) unknown(name string, p partition.Partition) error {
	data, err := o.hasData(p.Start, p.Size)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case !data:
		o.image.note("%s is empty", name)
	case isLoader(p.Type):
		o.pass(name, p, "belongs to the boot loader")
	default:
		o.image.Unread = append(o.image.Unread,
			audit.Unread{Path: "/" + name, Error: "it holds something, but no file system that is known"})
	}
	return nil
}

// isLoader tells the types of partitions that have no file system by their nature.
func isLoader(kind string) bool {
	const prep, mbrPReP = "9e1a2d38-c612-4316-aa26-8b49521e5a8b", "0x41"
	return kind == partition.TypeBIOSBoot || kind == prep || kind == mbrPReP
}

// pass hands a partition that has no files to the audit as free space.
func (o *opening) pass(name string, p partition.Partition, what string) {
	o.image.note("%s %s: it has no files, and is looked through for secrets only", name, what)
	o.free(name, p.Start, p.Size)
}

func (m *Image) note(format string, args ...any) {
	m.Notes = append(m.Notes, fmt.Sprintf(format, args...))
}

// nothing says why no file system is open.
func (o *opening) nothing() error {
	if len(o.image.Unread) == 0 {
		return ErrNothing
	}
	u := o.image.Unread[0]
	return fmt.Errorf("%w: %s: %s", audit.ErrUnread, u.Path[1:], u.Error)
}
