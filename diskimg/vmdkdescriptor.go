package diskimg

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxDescriptor bounds a descriptor, in bytes. Those that are found have less than one KiB.
const maxDescriptor = 64 << 10

// byteOrderMark is what some editors put at the start of a text.
const byteOrderMark = "\ufeff"

const consolidate = "consolidate the snapshots first, or qemu-img convert -O raw makes one disk of them"

// A diskDescriptor is the text that says what a VMDK disk consists of, as a file of its own or within the first
// extent [Virtual Disk Format 5.0, "The Descriptor File"]. Nothing in it is case-sensitive but the names of files.
type diskDescriptor struct {
	values  map[string]string // by key, in lower case; ddb.… too
	at      map[string]int64  // where they are in the file, in bytes
	start   int64             // where the descriptor begins
	extents []extentLine
}

// isDescriptor tells whether a file of size bytes that begins with head is a VMDK descriptor: a small text that
// begins as one. So the disk of a machine, whatever is in it, is none.
func isDescriptor(head []byte, size int64) bool {
	if size > maxDescriptor {
		return false
	}
	text, padded := cutPadding(head)
	if !padded || len(text) < len(head) && size-int64(len(text)) >= SectorSize {
		return false
	}
	return hasFirstLine(text)
}

// cutPadding returns the text before the zeros that pad it to a sector, as qemu-img does. Where a content ID became
// shorter, qemu-img also leaves the last bytes of the longer text behind the first zero.
func cutPadding(b []byte) (text []byte, ok bool) {
	text, padding, _ := bytes.Cut(b, []byte{0})
	rest := bytes.Trim(padding, "\x00")
	return text, len(rest) < len("12345678") && bytes.HasSuffix(text, rest)
}

// hasFirstLine tells whether text begins with the line that every descriptor begins with. An editor, or a user, may
// have put blank lines, comments or a byte order mark before it.
func hasFirstLine(text []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(text, []byte(byteOrderMark))) {
		line = bytes.TrimSpace(line)
		// VirtualBox also knows "# Disk Descriptor File".
		if strings.EqualFold(strings.Join(strings.Fields(string(line)), ""), "#DiskDescriptorFile") {
			return true
		}
		if len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return false
}

// readDescriptorFile reads a descriptor that is a file of its own.
func readDescriptorFile(r io.ReaderAt, size int64) (*diskDescriptor, error) {
	text := make([]byte, size)
	if err := readFull(r, text, 0); err != nil {
		return nil, err
	}
	text, padded := cutPadding(text)
	if !padded {
		return nil, damagedf(VMDK, int64(len(text)), "a zero byte is in the descriptor")
	}
	return parseDescriptor(text, 0)
}

// parseDescriptor reads a descriptor that stands at byte at of its file.
func parseDescriptor(text []byte, at int64) (*diskDescriptor, error) {
	d := &diskDescriptor{values: map[string]string{}, at: map[string]int64{}, start: at}
	for line := range bytes.Lines(text) {
		if err := d.parseLine(strings.TrimSpace(strings.TrimPrefix(string(line), byteOrderMark)), at); err != nil {
			return nil, err
		}
		at += int64(len(line))
	}
	return d, nil
}

func (d *diskDescriptor) parseLine(line string, at int64) error {
	if line == "" || line[0] == '#' {
		return nil
	}
	if isExtentLine(line) {
		e, err := parseExtentLine(line, at)
		d.extents = append(d.extents, e)
		return err
	}
	key, value, found := strings.Cut(line, "=")
	key = strings.ToLower(strings.TrimSpace(key))
	if !found || key == "" || strings.ContainsAny(key, " \t\"") {
		return damagedf(VMDK, at, "the descriptor has a line that is neither a value nor an extent: %.60q", line)
	}
	value = unquote(strings.TrimSpace(value))
	if old, known := d.values[key]; known && old != value && !strings.HasPrefix(key, "ddb.") {
		return damagedf(VMDK, at, "the descriptor has %s twice: %.60q and %.60q", key, old, value)
	}
	d.values[key], d.at[key] = value, at
	return nil
}

func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// check refuses the kinds of disks that are not read, wherever the descriptor stands.
func (d *diskDescriptor) check() error {
	switch v := d.values["version"]; v {
	case "", "1", "2", "3":
	default:
		return notReadf(d.at["version"], "the descriptor is of version %.20q, which amiforge does not read", v)
	}
	for key, value := range d.values {
		if strings.Contains(key, "encryption") || strings.Contains(strings.ToLower(value), "vmwarevmcrypt") {
			return notReadf(d.at[key], "this is an encrypted VMDK, which amiforge does not read; decrypt the virtual machine first")
		}
	}
	return d.checkParent()
}

// checkParent refuses delta links: they have only what differs from another file.
func (d *diskDescriptor) checkParent() error {
	if hint, ok := d.values["parentfilenamehint"]; ok {
		return notReadf(d.at["parentfilenamehint"], "this VMDK is a delta link (a snapshot) of %.100q; %s", hint, consolidate)
	}
	if parent, ok := d.values["parentcid"]; ok && !strings.EqualFold(parent, "ffffffff") {
		return notReadf(d.at["parentcid"], "this VMDK is a delta link (a snapshot) of the disk of CID %.20s; %s", parent, consolidate)
	}
	return nil
}

// subformat returns the createType as this package spells it.
func (d *diskDescriptor) subformat() Subformat {
	found := d.values["createtype"]
	for _, s := range []Subformat{StreamOptimized, MonolithicSparse, MonolithicFlat, TwoGBMaxExtentSparse, TwoGBMaxExtentFlat} {
		if strings.EqualFold(found, string(s)) || strings.EqualFold(strings.Replace(found, "2Gb", "twoGb", 1), string(s)) {
			return s
		}
	}
	return Subformat(found)
}

// unsupportedKind is the error for a createType that is not read.
func (d *diskDescriptor) unsupportedKind() error {
	kind := d.values["createtype"]
	if kind == "" {
		return damagedf(VMDK, d.start, "the descriptor has no createType")
	}
	return notReadf(d.at["createtype"], "this is a VMDK of subformat %.40s, which amiforge does not read; %s", kind, convert)
}

// number returns a value of the disk database, 0 if it is none.
func (d *diskDescriptor) number(key string) int {
	n, err := strconv.ParseUint(d.values[key], 10, 31)
	if err != nil {
		return 0
	}
	return int(n)
}

// uuid returns the disk's UUID in its usual form, or "": VMware writes 16 bytes in hexadecimal.
func (d *diskDescriptor) uuid() string {
	digits := strings.NewReplacer(" ", "", "-", "").Replace(d.values["ddb.uuid"])
	if digits == "" {
		return d.values["ddb.uuid.image"] // of VirtualBox
	}
	if _, err := strconv.ParseUint(digits[:min(16, len(digits))], 16, 64); err != nil || len(digits) != 32 {
		return ""
	}
	digits = strings.ToLower(digits)
	return fmt.Sprintf("%s-%s-%s-%s-%s", digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
}
