// Package partition reads the partition table of a disk, and makes one for a disk that has none.
//
//	Read  the MBR or GPT of a disk
//	Wrap  a bare file system: what stands before and behind it on a disk of one partition
//
// What is read is not trusted: everything is bounded, and what contradicts the disk's size or itself is a warning
// and not a partition. Names, types and UUIDs are spelled as blkid spells them.
package partition

import (
	"fmt"
	"strconv"
)

// A Kind is a kind of partition table.
type Kind string

// The kinds.
const (
	MBR Kind = "mbr" // four primary partitions, and logical ones in an extended one
	GPT Kind = "gpt"
)

// A Table is the partition table of a disk.
type Table struct {
	Kind       Kind   `json:"kind"`
	UUID       string `json:"uuid,omitempty"`       // of the disk; of an MBR, 8 hexadecimal digits
	SectorSize int64  `json:"sectorSize"`           // that the table counts in, in bytes: 512, or 4096 for a GPT
	Hybrid     bool   `json:"hybridMBR,omitempty"`  // GPT: its MBR is not just protective but lists partitions, too
	FromBackup bool   `json:"fromBackup,omitempty"` // GPT: the primary one is damaged

	Partitions []Partition `json:"partitions,omitempty"` // by their index
	Warnings   []string    `json:"warnings,omitempty"`   // what is odd, and what was left out for it
}

// A Partition is one of a table's. It lies within the disk.
type Partition struct {
	Index int   `json:"index"` // from 1 on; the logical ones of an MBR from 5 on
	Start int64 `json:"start"` // bytes
	Size  int64 `json:"size"`  // bytes

	Type     string `json:"type"`               // of a GPT a GUID in lower case, of an MBR 0x83
	TypeName string `json:"typeName,omitempty"` // of the types that are common
	Name     string `json:"name,omitempty"`     // GPT
	UUID     string `json:"uuid,omitempty"`     // lower case; of an MBR that of the table, and the index

	Bootable   bool       `json:"bootable,omitempty"`   // MBR: active; GPT: "legacy BIOS bootable"
	Attributes Attributes `json:"attributes,omitempty"` // GPT
	Extended   bool       `json:"extended,omitempty"`   // MBR: it holds the logical partitions
}

// End returns the offset of the first byte after p.
func (p Partition) End() int64 { return p.Start + p.Size }

// Attributes are the flags of a partition in a GPT.
type Attributes uint64

// legacyBootable is the attribute that says that a BIOS boots from here [UEFI 2.10, table 5.8].
const legacyBootable Attributes = 1 << 2

// MarshalJSON returns them as a string of hexadecimal digits: JSON numbers lose bits.
func (a Attributes) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, fmt.Sprintf("0x%x", uint64(a))), nil
}

func (t *Table) warnf(format string, args ...any) {
	t.Warnings = append(t.Warnings, fmt.Sprintf(format, args...))
}
