// Package inspect tells what is on a disk: its partition table, its file systems and how it boots.
//
// A file system is known by its superblock alone, as strictly as by blkid, and not opened: type, label and UUID are
// spelled as blkid spells them. What is read is not trusted: every read is of a bounded size and within the disk.
package inspect

import (
	"io"

	"amiforge/diskimg/partition"
)

// maxPartitions is how many partitions of a disk are looked into. A GPT may have more, which no image has.
const maxPartitions = 256

// A Report says what is on a disk.
type Report struct {
	Table      *Table      `json:"partitionTable,omitempty"` // nil if there is none
	Partitions []Partition `json:"partitions,omitempty"`
	FileSystem *FileSystem `json:"fileSystem,omitempty"` // of a disk without partitions, or of a hybrid ISO image
	Ignored    *FileSystem `json:"-"`                    // that a disk with partitions begins or ends like, besides
	Boot       Boot        `json:"boot"`
	Warnings   []string    `json:"warnings,omitempty"` // what is odd
}

// A Table is a partition table. Its partitions are the Report's, and so are its warnings.
type Table struct {
	Kind       partition.Kind `json:"kind"`
	UUID       string         `json:"uuid,omitempty"`
	SectorSize int64          `json:"sectorSize"` // bytes
	Hybrid     bool           `json:"hybridMBR,omitempty"`
	FromBackup bool           `json:"fromBackup,omitempty"`
}

// A Partition is one of the disk, with what is in it.
type Partition struct {
	partition.Partition
	FileSystem *FileSystem `json:"fileSystem,omitempty"` // nil if it is of no kind that is known
}

// Disk looks at the disk of size bytes. What is damaged is in the Report; its errors are those of r.
func Disk(r io.ReaderAt, size int64) (*Report, error) {
	table, err := partition.Read(r, size)
	if err != nil {
		return nil, err
	}
	report := &Report{}
	whole, err := report.recognise(r, partition.Partition{Size: size}, "the disk")
	if err != nil {
		return nil, err
	}
	if table != nil && table.Kind == partition.MBR && len(table.Partitions) == 0 && whole != nil {
		table = nil // it is the boot sector of the file system
	}
	if table == nil {
		report.FileSystem = whole
		return report, report.findBoot(r, size)
	}
	return report, report.addTable(r, size, table, whole)
}

func (report *Report) addTable(r io.ReaderAt, size int64, table *partition.Table, whole *FileSystem) error {
	report.Warnings = append(table.Warnings, report.Warnings...)
	report.Table = &Table{table.Kind, table.UUID, table.SectorSize, table.Hybrid, table.FromBackup}
	switch {
	case whole == nil:
	case whole.Type == "iso9660":
		report.FileSystem = whole // a hybrid image is both
	default:
		report.Ignored = whole
		report.warnf("the disk has partitions and begins or ends like %s, which is ignored", whole.Type)
	}
	for i, p := range table.Partitions {
		found := Partition{Partition: p}
		if i == maxPartitions {
			report.warnf("there are %d partitions: only the first %d are looked into", len(table.Partitions), i)
		}
		if i < maxPartitions && !p.Extended {
			var err error
			if found.FileSystem, err = report.recognise(r, p, partitionName(p)); err != nil {
				return err
			}
		}
		report.Partitions = append(report.Partitions, found)
	}
	return report.findBoot(r, size)
}
