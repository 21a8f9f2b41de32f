package tree

import (
	"errors"
	"io"
	"strings"
)

// A NotTarError says that what was to be an archive is something else.
type NotTarError struct {
	Kind string // such as "a zip archive"; "" if it is not known
	Disk bool   // it is the image of a disk or of a file system
}

func (e *NotTarError) Error() string {
	if e.Kind == "" {
		return "this is no tar archive"
	}
	return "this is " + e.Kind + ", not a tar archive"
}

// A mark is what a kind of file has at a place.
type mark struct {
	kind string
	off  int
	text string
}

// otherMarks have the first bytes of what users may take for an archive that is read.
func otherMarks() []mark {
	return []mark{
		{"a zip archive", 0, "PK\x03\x04"},
		{"a zip archive without files", 0, "PK\x05\x06"},
		{"a cpio archive", 0, "07070"},
		{"a cpio archive (binary)", 0, "\xc7\x71"},
		{"a cpio archive (big-endian)", 0, "\x71\xc7"},
		{"a 7z archive", 0, "7z\xbc\xaf\x27\x1c"},
		{"a rar archive", 0, "Rar!"},
		{"a xar archive", 0, "xar!"},
		{"an ar archive (a .deb?)", 0, "!<arch>"},
		{"an rpm package", 0, "\xed\xab\xee\xdb"},
		{"an lz4 file (decompress first)", 0, "\x04\x22\x4d\x18"},
		{"a lzip file (decompress first)", 0, "LZIP"},
		{"an lzop file (decompress first)", 0, "\x89LZO"},
		{"an LZMA file (decompress first)", 0, "\x5d\x00\x00"},
		{"a file of compress (.Z, decompress first)", 0, "\x1f\x9d"},
		{"a program or library (ELF)", 0, "\x7fELF"},
	}
}

// diskMarks are those of disks and file systems, less than probeSize into them.
func diskMarks() []mark {
	return []mark{
		{"a squashfs file system", 0, "hsqs"},
		{"a qcow2 disk image", 0, "QFI\xfb"},
		{"a VMDK disk image", 0, "KDMV"},
		{"a VMDK disk image", 0, "COWD"},
		{"a VMDK disk image", 0, "# Disk DescriptorFile"},
		{"a VHD disk image", 0, "conectix"},
		{"a VHDX disk image", 0, "vhdxfile"},
		{"a VDI disk image", 0x40, "\x7f\x10\xda\xbe"},
		{"an XFS file system", 0, "XFSB"},
		{"a btrfs file system", 0x10040, "_BHRfS_M"},
		{"an ISO 9660 image", 0x8001, "CD001"},
		{"an ext2, ext3 or ext4 file system", 0x438, "\x53\xef"},
		{"a disk image", 510, "\x55\xaa"}, // the boot sector of a disk or of a FAT
	}
}

// probeSize is how much of a file is looked at to tell what it is, in bytes.
const probeSize = 0x10048

func find(marks []mark, p []byte) string {
	for _, m := range marks {
		if len(p) >= m.off && strings.HasPrefix(string(p[m.off:min(len(p), m.off+len(m.text))]), m.text) {
			return m.kind
		}
	}
	return ""
}

// otherKind returns what begins with head that is no archive of ours, "" if it may be one.
func otherKind(head []byte) string { return find(otherMarks(), head) }

// probe tells whether an archive may begin here, before anything was read. Damage is found later.
func (t *tarReader) probe() error {
	p, err := t.r.Peek(probeSize)
	if len(p) < tarBlock && err != io.EOF {
		return noEOF(err)
	}
	if len(p) == 0 {
		return errors.New("the file is empty")
	}
	var h tarHeader
	isWhole := copy(h[:], p) == tarBlock
	if isWhole && !h.isZero() && (h.check() == nil || h.dialect() != v7) {
		return nil
	}
	if kind := find(diskMarks(), p); kind != "" {
		return &NotTarError{Kind: kind, Disk: true}
	}
	if kind := otherKind(p); kind != "" || !isWhole || !h.isZero() {
		return &NotTarError{Kind: kind}
	}
	return nil // an archive of no files, which is told later
}
