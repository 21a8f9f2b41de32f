package inspect

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amiforge/internal/oracle"

	"github.com/google/go-cmp/cmp"
)

// packed is v as it stands on a disk.
func packed(order binary.ByteOrder, v any) string {
	b := new(bytes.Buffer)
	if err := binary.Write(b, order, v); err != nil {
		panic(err)
	}
	return b.String()
}

func little(v any) string { return packed(binary.LittleEndian, v) }

// text fills n bytes.
func text(s string, n int) string { return s + strings.Repeat("\x00", n-len(s)) }

func lvmSector(sector uint64) string {
	b := []byte(text(little(lvmLabel{Magic: [8]byte([]byte("LABELONE")), Sector: sector, Offset: 32, Type: [8]byte([]byte("LVM2 001"))})+
		"ABCDEF0123456789abcdefGHIJKLMNOP"+little(uint64(63*mib)), 512))
	binary.LittleEndian.PutUint32(b[16:], rawCRC32(lvmCRCStart, b[20:]))
	return string(b)
}

func md1(off int64) map[int64]string {
	s := md1Superblock{Magic: mdMagic, Major: 1, UUID: [16]byte([]byte("sixteen bytes!!!")), Offset: uint64(off) / 512}
	copy(s.Name[:], "host:0")
	return map[int64]string{off: little(s)}
}

func md0(order binary.ByteOrder) map[int64]string {
	s := md0Superblock{Magic: mdMagic, Minor: 90, Patch: 3, Size: 63 << 10, UUID0: 0x01020304, UUID: [3]uint32{5, 6, 7}}
	return map[int64]string{64*mib - 64<<10: packed(order, s)}
}

func swap(order binary.ByteOrder, magic string) map[int64]string {
	h := swapHeader{Version: 1, LastPage: 255, UUID: [16]byte([]byte("sixteen bytes!!!"))}
	copy(h.Label[:], "by hand")
	return map[int64]string{swapOffset: packed(order, h), 4096 - 10: magic}
}

func luks(version uint16) map[int64]string {
	h := luksHeader{Magic: [6]byte([]byte("LUKS\xba\xbe")), Version: version}
	copy(h.UUID[:], testUUID)
	copy(h.Label[:], "secret")
	return map[int64]string{0: packed(binary.BigEndian, h)}
}

// zfsPair is a name and a value as in XDR; value is its type, count and bytes.
func zfsPair(name, value string) string {
	padded := text(name, (len(name)+3)&^3)
	size := uint32(12 + len(padded) + len(value))
	return packed(binary.BigEndian, []uint32{size, size, uint32(len(name))}) + padded + value
}

func zfs(blocks int) map[int64]string {
	be := binary.BigEndian
	pieces := map[int64]string{
		zfsList: "\x01\x01\x00\x00" + packed(be, []uint32{0, 1}) +
			zfsPair("version", packed(be, []uint32{nvUint64, 1, 0, 5000})) +
			zfsPair("name", packed(be, []uint32{nvString, 1, 4})+"tank") +
			zfsPair("pool_guid", packed(be, []uint32{nvUint64, 1, 1, 2})),
	}
	for i := range int64(blocks) {
		pieces[zfsBlocks+(i+4)*zfsBlockSize] = little([]uint64{zfsMagic, 5000})
	}
	return pieces
}

// What no tool makes in a file is made by hand, and read by blkid, too.
func TestByHand(t *testing.T) {
	const id = "73697874-6565-6e20-6279-746573212121"
	raid := func(version string) *FileSystem {
		return &FileSystem{Type: "linux_raid_member", Version: version, Label: "host:0", UUID: id}
	}
	lvm := &FileSystem{Type: "LVM2_member", Version: "LVM2 001", UUID: "ABCDEF-0123-4567-89ab-cdef-GHIJ-KLMNOP"}
	// The blkid of 2022 believes these; it has learned to check since.
	believed := []string{"squashfs by its magic alone", "btrfs by its magic alone", "exFAT by its name alone"}
	tests := []struct {
		name   string
		pieces map[int64]string
		want   *FileSystem
	}{
		{"LVM", map[int64]string{512: lvmSector(1)}, lvm},
		{"LVM in the first sector", map[int64]string{0: lvmSector(0)}, lvm},
		{"LVM of another sector", map[int64]string{512: lvmSector(2)}, nil},
		{"LVM damaged", map[int64]string{512: lvmSector(1), 600: "x"}, nil},
		{"md 1.0", md1(64*mib - 8<<10), raid("1.0")},
		{"md 1.1", md1(0), raid("1.1")},
		{"md 1.2", md1(4096), raid("1.2")},
		{"md elsewhere", map[int64]string{4096: md1(0)[0]}, nil},
		{"md 0.90", md0(binary.LittleEndian), &FileSystem{Type: "linux_raid_member", Version: "0.90.3", UUID: "01020304-0000-0005-0000-000600000007"}},
		{"md 0.90, big-endian", md0(binary.BigEndian), &FileSystem{Type: "linux_raid_member", Version: "0.90.3", UUID: "01020304-0000-0005-0000-000600000007"}},
		{"swap", swap(binary.LittleEndian, "SWAPSPACE2"), &FileSystem{Type: "swap", Version: "1", Label: "by hand", UUID: id}},
		{"swap, big-endian", swap(binary.BigEndian, "SWAPSPACE2"), &FileSystem{Type: "swap", Version: "1", Label: "by hand", UUID: id}},
		{"hibernated", swap(binary.LittleEndian, "S1SUSPEND\x00"), &FileSystem{Type: "swsuspend", Version: "s1suspend", Label: "by hand", UUID: id}},
		{"swap without a header", map[int64]string{4096 - 10: "SWAPSPACE2"}, nil},
		{"LUKS 1", luks(1), &FileSystem{Type: "crypto_LUKS", Version: "1", UUID: testUUID}},
		{"LUKS 2", luks(2), &FileSystem{Type: "crypto_LUKS", Version: "2", Label: "secret", UUID: testUUID}},
		{"ZFS", zfs(4), &FileSystem{Type: "zfs_member", Version: "5000", Label: "tank", UUID: "4294967298"}},
		{"ZFS of a few blocks", zfs(3), nil},
		{"XFS by its magic alone", map[int64]string{0: "XFSB"}, nil},
		{"squashfs by its magic alone", map[int64]string{0: "hsqs"}, nil},
		{"btrfs by its magic alone", map[int64]string{65600: "_BHRfS_M"}, nil},
		{"NTFS by its name alone", map[int64]string{3: "NTFS    "}, nil},
		{"exFAT by its name alone", map[int64]string{3: "EXFAT   "}, nil},
		{"FAT by its name alone", map[int64]string{54: "FAT16   "}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := sparseFile(t, 64*mib, tt.pieces)
			report := inspectFile(t, path)
			if diff := cmp.Diff(tt.want, named(report.FileSystem)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.want, blkid(t, path)); diff != "" && !slices.Contains(believed, tt.name) {
				t.Errorf("blkid differs: %s", diff)
			}
		})
	}
}

// An image for Windows has next to nothing in its tree of ISO 9660: all is in that of UDF.
func TestUDF(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	oracle.Run(t, "genisoimage", "-quiet", "-udf", "-o", path, t.TempDir())
	report := inspectFile(t, path)
	want := []string{"the disk looks like iso9660 and udf at once: the first is taken"}
	if diff := cmp.Diff(want, report.Warnings); diff != "" || report.FileSystem.Type != "iso9660" {
		t.Errorf("%+v %s", report.FileSystem, diff)
	}
	if bridge := blkid(t, path); bridge.Type != "udf" {
		t.Errorf("blkid: %+v", bridge)
	}
	report = inspectFile(t, sparseFile(t, mib, map[int64]string{32 << 10: "\x00BEA01\x01", 34 << 10: "\x00NSR03\x01", 36 << 10: "\x00TEA01\x01"}))
	if report.FileSystem == nil || report.FileSystem.Type != "udf" {
		t.Errorf("%+v", report.FileSystem)
	}
}

// What is in a RAID member or an encrypted volume is not what it looks like.
func TestAmbivalent(t *testing.T) {
	both := swap(binary.LittleEndian, "SWAPSPACE2")
	for off, data := range zfs(4) {
		both[off] = data
	}
	report := inspectFile(t, sparseFile(t, 64*mib, both))
	want := []string{"the disk looks like swap and zfs_member at once: the first is taken"}
	if diff := cmp.Diff(want, report.Warnings); diff != "" || report.FileSystem.Type != "swap" {
		t.Errorf("%+v %s", report.FileSystem, diff)
	}
	for off, data := range md1(0) {
		both[off] = data
	}
	report = inspectFile(t, sparseFile(t, 64*mib, both))
	if report.FileSystem.Type != "linux_raid_member" || len(report.Warnings) != 0 {
		t.Errorf("%+v, %q", report.FileSystem, report.Warnings)
	}
}
