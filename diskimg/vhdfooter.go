package diskimg

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// A vhdFooter ends every VHD, and is repeated at the start of those with a BAT. Big-endian [Virtual Hard Disk
// Image Format Specification 1.0, "Hard Disk Footer Format"].
type vhdFooter struct {
	Cookie         [8]byte // conectix
	Features       uint32  // 2, a bit that is always set; 1 marks a temporary disk
	Version        uint32  // 0x00010000
	DataOffset     uint64  // of the header, in bytes; vhdNone where there is none
	Time           uint32  // of creation, seconds since 2000
	Creator        [4]byte
	CreatorVersion uint32
	CreatorOS      [4]byte
	OriginalSize   uint64 // of the disk when it was made, in bytes
	CurrentSize    uint64 // of the disk, in bytes: the size that counts, whoever made the image
	Geometry       vhdGeometry
	Type           uint32
	Checksum       uint32
	UUID           [16]byte
	Saved          uint8 // 1 if the disk belongs to a suspended machine
	Hidden         uint8 // 1 if Xen hides the disk; reserved for everybody else
	Reserved       [426]byte
}

const (
	vhdCookie     = "conectix"
	vhdFooterSize = 512
	vhdVersion    = 0x00010000      // of footer and header
	vhdNone       = 1<<64 - 1       // an offset of nothing
	vhdEpoch      = 946_684_800     // 2000-01-01 in Unix time
	vhdTemporary  = 1 << 0          // a feature
	vhdReserved   = 1 << 1          // a feature that is always there
	vhdTap        = "tap"           // the creator: Xen's tapdisk and vhd-util
	vhdMaxSize    = 0xFF000000 << 9 // of a dynamic disk, in bytes: 2040 GiB

	vhdFixed        = 2
	vhdDynamic      = 3
	vhdDifferencing = 4

	// Offsets of fields, for errors.
	vhdFeaturesAt   = 8
	vhdVersionAt    = 12
	vhdDataOffsetAt = 16
	vhdTimeAt       = 24
	vhdSizeAt       = 48
	vhdTypeAt       = 60
	vhdChecksumAt   = 64
	vhdSavedAt      = 84
	vhdReservedAt   = 85
)

// bytes returns the footer with its checksum.
func (f *vhdFooter) bytes() []byte {
	b := vhdPacked(f)
	binary.BigEndian.PutUint32(b[vhdChecksumAt:], vhdChecksum(b, vhdChecksumAt))
	return b
}

// parseVHDFooter reads a footer of vhdFooterSize bytes. Nothing in it is checked.
func parseVHDFooter(b []byte) vhdFooter {
	var f vhdFooter
	vhdParse(b, &f)
	return f
}

// tap tells whether Xen's tools made the image, which extend the format.
func (f *vhdFooter) tap() bool { return strings.HasPrefix(string(f.Creator[:]), vhdTap) }

// creator returns the creator without its padding, and without what does not print.
func (f *vhdFooter) creator() string {
	printed := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, string(f.Creator[:]))
	return strings.TrimSpace(printed)
}

func (f *vhdFooter) created() time.Time { return time.Unix(vhdEpoch+int64(f.Time), 0).UTC() }

func (f *vhdFooter) uuid() string {
	u := f.UUID
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// vhdTime returns t as footers have it: what does not fit is the nearest that does.
func vhdTime(t time.Time) uint32 {
	if t.IsZero() { // time.Time's own, whose Unix time is long ago
		return 0
	}
	return uint32(min(max(t.Unix()-vhdEpoch, 0), 1<<32-1))
}

// vhdChecksum returns the complement of the sum of all bytes of b but for the checksum itself, which stands at
// at.
func vhdChecksum(b []byte, at int) uint32 {
	var sum uint32
	for i, c := range b {
		if i < at || i >= at+4 {
			sum += uint32(c)
		}
	}
	return ^sum
}

// vhdPacked returns v, a struct of fixed size, as VHD has it.
func vhdPacked(v any) []byte {
	b, err := binary.Append(nil, binary.BigEndian, v)
	if err != nil {
		panic(err) // only if v has no fixed size
	}
	return b
}

// vhdParse is the reverse of vhdPacked. b is long enough.
func vhdParse(b []byte, v any) {
	if _, err := binary.Decode(b, binary.BigEndian, v); err != nil {
		panic(err) // only if b is too short
	}
}
