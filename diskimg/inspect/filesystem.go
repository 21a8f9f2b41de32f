package inspect

import (
	"fmt"
	"io"
	"strings"

	"amiforge/diskimg/partition"
)

// A FileSystem is what a partition or a bare disk holds: a file system, or what stands in the place of one, such
// as swap space or an encrypted volume.
type FileSystem struct {
	Type      string `json:"type"`                // as blkid has it: ext4, vfat, crypto_LUKS, …
	Version   string `json:"version,omitempty"`   // FAT32, 2, …
	Label     string `json:"label,omitempty"`     // unprintable characters replaced
	UUID      string `json:"uuid,omitempty"`      // as blkid has it: of FAT and NTFS it is the serial number
	Size      int64  `json:"size,omitempty"`      // of the file system, in bytes; 0 where its superblock does not say
	BlockSize int64  `json:"blockSize,omitempty"` // what it allocates in, in bytes

	// Also has the types of what it looks like besides: which one a machine takes is for it to say.
	Also []string `json:"-"`
}

// A prober recognises one family of file systems.
type prober struct {
	find func(a *area) *FileSystem // nil if it is none
	last bool                      // what is in a volume of this kind looks like what it is not
}

// probers returns them in blkid's order, but for UDF, which blkid has before ISO 9660: a disk that is both ways a CD is one
// of ISO 9660 to us.
func probers() []prober {
	return []prober{
		{findRAID, true},
		{findLVM, true},
		{findLUKS, true},
		{findFAT, false},
		{findSwap, false},
		{findXFS, false},
		{findExt, false},
		{findISO9660, false},
		{findUDF, false},
		{findZFS, true},
		{findNTFS, false},
		{findSquashfs, false},
		{findBtrfs, false},
		{findExFAT, false},
		{findF2FS, false},
		{findEROFS, false},
	}
}

// recognise returns what p, called name, holds, or nil, and warns of what is odd about it.
func (report *Report) recognise(r io.ReaderAt, p partition.Partition, name string) (*FileSystem, error) {
	a := newArea(r, p.Start, p.Size)
	var found []*FileSystem
	for _, prober := range probers() {
		if fs := prober.find(a); fs != nil {
			found = append(found, fs)
			if prober.last {
				break
			}
		}
	}
	if a.err != nil {
		return nil, fmt.Errorf("inspect: %w", a.err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	if len(found) > 1 {
		report.warnf("%s looks like %s at once: the first is taken", name, strings.Join(typesOf(found), " and "))
		found[0].Also = typesOf(found[1:])
	}
	if fs := found[0]; fs.Size > p.Size {
		report.warnf("%s is shorter than its %s: %d of %d bytes", name, fs.Type, p.Size, fs.Size)
	}
	return found[0], nil
}

func typesOf(list []*FileSystem) []string {
	var types []string
	for _, fs := range list {
		types = append(types, fs.Type)
	}
	return types
}

func (report *Report) warnf(format string, args ...any) {
	report.Warnings = append(report.Warnings, fmt.Sprintf(format, args...))
}

func partitionName(p partition.Partition) string { return fmt.Sprintf("partition %d", p.Index) }
