// Package diskimg reads and writes disk images: RAW, VHD and VMDK.
//
//	Detect    what format a file has
//	Open      an image for reading: Disk has its content (ReadAt, NewReader), its Extents, Info and Check
//	Copy      a Disk to an image of another format
//	CopyFrom  a stream of extents, such as the content of a bundle, to an image
//	Create    an image whose content the caller writes
//	Compare   two contents
//	NewTee    the digest of a content that passes
//
// RAW, VHD (fixed, dynamic) and VMDK (streamOptimized, monolithicSparse) are read and written, VMDK of several files
// (monolithicFlat, twoGbMaxExtentFlat, twoGbMaxExtentSparse) are read. What builds on another disk, is encrypted or
// is of another format is refused by its name. Packages partition and inspect look into the disk.
//
// It is sparse all the way: holes come from the file system, from the tables of the format and from zeros in
// the data, and a hole is neither read, compressed nor written.
//
// An image is written to a Target in ascending order, once, except for its head where the tables come first:
// so a file, an S3 multipart upload and, for the formats that allow it, a pipe will do. Where the content's holes are
// known in advance, CreateOptions.Map lets every format go down a pipe.
//
// What is read is not trusted: every table entry is held against the file's size and against the others before
// it is used, and nothing is allocated for a number that the file's size does not bear out. Errors name the
// format and the byte in the file: see Error.
package diskimg

// A Format is a family of disk image formats.
type Format string

// The formats.
const (
	RAW  Format = "raw"
	VHD  Format = "vhd"
	VMDK Format = "vmdk"
)

// A Subformat tells the kinds of one format apart.
type Subformat string

// The subformats. RAW has none.
const (
	Fixed                Subformat = "fixed"                // VHD: the content, then a footer
	Dynamic              Subformat = "dynamic"              // VHD: blocks of 2 MiB, as they are needed
	StreamOptimized      Subformat = "streamOptimized"      // VMDK: compressed grains, made to be sent
	MonolithicSparse     Subformat = "monolithicSparse"     // VMDK: grains of 64 KiB, as they are needed
	MonolithicFlat       Subformat = "monolithicFlat"       // VMDK: a descriptor and the content beside it; read only
	TwoGBMaxExtentSparse Subformat = "twoGbMaxExtentSparse" // VMDK: a descriptor and sparse files of 2 GB; read only
	TwoGBMaxExtentFlat   Subformat = "twoGbMaxExtentFlat"   // VMDK: a descriptor and the content in files of 2 GB; read only
)

// SectorSize is the unit of VHD and VMDK sizes, in bytes.
const SectorSize = 512

// sectorsOf returns how many sectors n bytes take.
func sectorsOf(n int64) int64 { return (n + SectorSize - 1) / SectorSize }

// An Extent is a run of bytes in a disk, in bytes. What lies between the extents of a disk is a hole: zeros
// that are neither stored, compressed nor written.
type Extent struct{ Offset, Length int64 }

// End returns the offset of the first byte after e.
func (e Extent) End() int64 { return e.Offset + e.Length }
