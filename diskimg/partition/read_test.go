package partition

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entryOf is an entry of an MBR.
func entryOf(status, kind byte, first, sectors uint32) []byte {
	b := make([]byte, entrySize)
	b[0], b[4] = status, kind
	binary.LittleEndian.PutUint32(b[8:], first)
	binary.LittleEndian.PutUint32(b[12:], sectors)
	return b
}

// putTable writes entries and the signature into the sector at off.
func putTable(disk []byte, off int, entries ...[]byte) {
	copy(disk[off+entriesOffset:], bytes.Join(entries, nil))
	disk[off+signatureOffset], disk[off+signatureOffset+1] = 0x55, 0xaa
}

func mbrDisk(sectors int, entries ...[]byte) []byte {
	disk := make([]byte, sectors*sectorSize)
	binary.LittleEndian.PutUint32(disk[diskIDOffset:], 0x0a0b0c0d)
	putTable(disk, 0, entries...)
	return disk
}

func read(t *testing.T, disk []byte) *Table {
	t.Helper()
	table, err := Read(bytes.NewReader(disk), int64(len(disk)))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// summary is what most tests look at.
func summary(t *Table) []int64 {
	var s []int64
	for _, p := range t.Partitions {
		s = append(s, int64(p.Index), p.Start/sectorSize, p.Size/sectorSize)
	}
	return s
}

func TestReadNone(t *testing.T) {
	fat := mbrDisk(64, entryOf(0, 0x83, 1, 10))
	copy(fat, "\xeb\x3c\x90mkfs.fat\x00\x02\x04\x01\x00\x02\x00\x02\x00\x00\xf8")
	copy(fat[54:], "FAT16   ")
	ntfs := mbrDisk(64)
	copy(ntfs[3:], "NTFS    ")
	exfat := mbrDisk(64)
	copy(exfat[3:], "EXFAT   ")
	ext4, err := os.ReadFile("../../testdata/disk/ext4.raw")
	if err != nil {
		t.Fatal(err)
	}
	unprotected := gptDisk(t, 3*mib)
	clear(unprotected[:sectorSize])
	tests := map[string][]byte{
		"nothing":                {},
		"short":                  make([]byte, 511),
		"zeros":                  make([]byte, mib),
		"ext4":                   ext4,
		"FAT":                    fat,
		"NTFS":                   ntfs,
		"exFAT":                  exfat,
		"code where entries are": mbrDisk(64, entryOf(0x31, 0x83, 1, 10)),
		"code that looks like a protective entry": mbrDisk(64, entryOf(0x31, typeProtective, 1, 10)),
		"GPT without an MBR":                      unprotected,
	}
	for name, disk := range tests {
		t.Run(name, func(t *testing.T) {
			if table := read(t, disk); table != nil {
				t.Errorf("got %+v", table)
			}
		})
	}
}

func TestReadMBR(t *testing.T) {
	disk := mbrDisk(5000, entryOf(0x80, 0x83, 2048, 1000), entryOf(0, 0, 0, 0), entryOf(0, 0xef, 100, 50))
	want := &Table{Kind: MBR, UUID: "0a0b0c0d", SectorSize: 512, Partitions: []Partition{
		{Index: 1, Start: 1 << 20, Size: 512000, Type: "0x83", TypeName: "Linux", UUID: "0a0b0c0d-01", Bootable: true},
		{Index: 3, Start: 51200, Size: 25600, Type: "0xef", TypeName: "EFI system", UUID: "0a0b0c0d-03"},
	}}
	if diff := cmp.Diff(want, read(t, disk)); diff != "" {
		t.Error(diff)
	}
	clear(disk[diskIDOffset:][:4])
	if got := read(t, disk); got.UUID != "" || got.Partitions[0].UUID != "" {
		t.Errorf("without a disk ID the UUIDs are %q and %q", got.UUID, got.Partitions[0].UUID)
	}
	if got := read(t, mbrDisk(10)); got == nil || len(got.Partitions) != 0 {
		t.Errorf("an empty table is %+v", got)
	}
}

// GRUB leaves the bytes between the jump and its code as they were. They are not a FAT for that.
func TestReadMBRWithGRUB(t *testing.T) {
	disk := mbrDisk(100, entryOf(0x80, 0x83, 10, 20))
	copy(disk, "\xeb\x63\x90")
	if got := read(t, disk); got == nil || len(got.Partitions) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestReadLogical(t *testing.T) {
	extended := entryOf(0, 0x05, 100, 800)
	tests := []struct {
		name    string
		records map[int][][]byte // by their sector
		want    []int64
		warning string
	}{
		{
			"two",
			map[int][][]byte{
				100: {entryOf(0, 0x83, 10, 90), entryOf(0, 0x05, 200, 300)},
				300: {entryOf(0, 0x82, 10, 290)},
			},
			[]int64{1, 100, 800, 5, 110, 90, 6, 310, 290},
			"",
		},
		{"empty", map[int][][]byte{100: {}}, []int64{1, 100, 800}, ""},
		{"no record", nil, []int64{1, 100, 800}, "there is no extended boot record at sector 100"},
		{
			"a loop",
			map[int][][]byte{100: {entryOf(0, 0x83, 10, 90), entryOf(0, 0x05, 0, 300)}},
			[]int64{1, 100, 800, 5, 110, 90},
			"does not end",
		},
		{
			"a link to elsewhere",
			map[int][][]byte{100: {entryOf(0, 0x83, 10, 90), entryOf(0, 0x05, 800, 300)}},
			[]int64{1, 100, 800, 5, 110, 90},
			"leaves the extended partition for sector 900",
		},
		{
			"a link that overflows",
			map[int][][]byte{100: {entryOf(0, 0x05, 0xffffffff, 300)}},
			[]int64{1, 100, 800},
			"leaves the extended partition",
		},
		{
			"behind the disk",
			map[int][][]byte{100: {entryOf(0, 0x83, 0xffffffff, 0xffffffff)}},
			[]int64{1, 100, 800},
			"partition 5 is left out: it begins at sector 4294967395",
		},
		{
			"junk in the third entry",
			map[int][][]byte{100: {entryOf(0, 0x83, 10, 90), entryOf(0, 0, 0, 0), entryOf(0, 0x83, 10, 2000)}},
			[]int64{1, 100, 800, 5, 110, 90},
			"",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			disk := mbrDisk(1000, extended)
			for sector, record := range tt.records {
				putTable(disk, sector*sectorSize, record...)
			}
			got := read(t, disk)
			if diff := cmp.Diff(tt.want, summary(got)); diff != "" {
				t.Error(diff)
			}
			checkWarnings(t, got, tt.warning)
		})
	}
}

func TestReadLogicalBounded(t *testing.T) {
	disk := mbrDisk(2000, entryOf(0, 0x0f, 100, 1900))
	for i := range uint32(1800) {
		putTable(disk, int(100+i)*sectorSize, entryOf(0, 0x83, 1, 1), entryOf(0, 0x05, i+1, 1))
	}
	got := read(t, disk)
	if len(got.Partitions) != 1+maxLogical {
		t.Errorf("got %d partitions, want %d", len(got.Partitions), 1+maxLogical)
	}
	checkWarnings(t, got, "does not end")
}

func checkWarnings(t *testing.T, table *Table, want string) {
	t.Helper()
	all := strings.Join(table.Warnings, "\n")
	if (want == "") != (all == "") || !strings.Contains(all, want) {
		t.Errorf("warnings are %q, want %q", all, want)
	}
}

func TestReadMBRWarnings(t *testing.T) {
	tests := []struct {
		name    string
		entries [][]byte
		want    []int64
		warning string
	}{
		{"behind the disk", [][]byte{entryOf(0, 0x83, 1000, 5)}, nil, "partition 1 is left out: it begins at sector 1000"},
		{"too long", [][]byte{entryOf(0, 0x83, 900, 0xffffffff)}, []int64{1, 900, 100}, "100 of its 4294967295 sectors"},
		{
			"overlap",
			[][]byte{entryOf(0, 0x83, 10, 500), entryOf(0, 0x83, 20, 5), entryOf(0, 0x83, 400, 5)},
			[]int64{1, 10, 500, 2, 20, 5, 3, 400, 5},
			"partitions 1 and 3 overlap",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := read(t, mbrDisk(1000, tt.entries...))
			if diff := cmp.Diff(tt.want, summary(got)); diff != "" {
				t.Error(diff)
			}
			checkWarnings(t, got, tt.warning)
		})
	}
}

// A failing disk is an error, not a disk without a table.
func TestReadError(t *testing.T) {
	want := errors.New("medium error")
	if _, err := Read(failing{want}, mib); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
	if _, err := Read(bytes.NewReader(nil), mib); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that is shorter than said: %v", err)
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }
