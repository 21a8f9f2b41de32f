package partition

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// gptDisk is a disk of a GPT and a partition of size bytes that is empty.
func gptDisk(t *testing.T, size int64) []byte {
	t.Helper()
	w, err := Wrap(GPT, size, &WrapOptions{Rand: bytes.NewReader(bytes.Repeat([]byte{0xa5, 1}, 100))})
	if err != nil {
		t.Fatal(err)
	}
	disk := make([]byte, w.Size)
	copy(disk, w.Head)
	copy(disk[w.Size-int64(len(w.Tail)):], w.Tail)
	return disk
}

// editHeader changes the header at sector lba, and its checksum with it.
func editHeader(disk []byte, lba int, edit func(h *gptHeader)) {
	var h gptHeader
	if _, err := binary.Decode(disk[lba*sectorSize:], binary.LittleEndian, &h); err != nil {
		panic(err)
	}
	edit(&h)
	h.seal()
	copy(disk[lba*sectorSize:], h.bytes())
}

// editEntry changes an entry of the primary GPT, and the checksums with it.
func editEntry(disk []byte, index int, edit func(e *gptEntry)) {
	b := disk[2*sectorSize+(index-1)*gptEntrySize:][:gptEntrySize]
	var e gptEntry
	if _, err := binary.Decode(b, binary.LittleEndian, &e); err != nil {
		panic(err)
	}
	edit(&e)
	if _, err := binary.Encode(b, binary.LittleEndian, e); err != nil {
		panic(err)
	}
	editHeader(disk, 1, func(h *gptHeader) {
		h.EntriesCRC = crc32.ChecksumIEEE(disk[2*sectorSize:][:gptEntriesLength])
	})
}

const gptGUID = "01a501a5-01a5-41a5-a501-a501a501a501" // of gptDisk and its partition: its randomness repeats

func TestReadGPT(t *testing.T) {
	disk := gptDisk(t, 3*mib)
	got := read(t, disk)
	if len(got.Partitions) != 1 {
		t.Fatalf("got %+v", got)
	}
	want := &Table{Kind: GPT, UUID: gptGUID, SectorSize: 512, Partitions: []Partition{
		{Index: 1, Start: mib, Size: 3 * mib, Type: TypeLinux, TypeName: "Linux file system", Name: "root", UUID: gptGUID},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadGPTDamaged(t *testing.T) {
	entryAt := func(first, last uint64) func(*gptEntry) {
		return func(e *gptEntry) { e.First, e.Last = first, last }
	}
	tests := []struct {
		name    string
		edit    func(disk []byte)
		parts   int
		backup  bool
		warning string
	}{
		{"primary header", func(d []byte) { d[512+30]++ }, 1, true, "the checksum of its header is wrong; the backup at the end"},
		{"primary gone", func(d []byte) { clear(d[512:1024]) }, 1, true, "there is no header at sector 1; the backup"},
		{"primary entries", func(d []byte) { d[1024+100]++ }, 1, true, "checksum of its entries is wrong"},
		{"backup header", func(d []byte) { d[len(d)-512+30]++ }, 1, false, "the backup GPT is damaged: the checksum of its header"},
		{"both", func(d []byte) { d[512+30]++; d[len(d)-512+30]++ }, 0, false, "and the backup GPT at the end of the disk is, too"},
		{"neither", func(d []byte) { clear(d[512:]) }, 0, false, "there is no header at sector 1"},
		{"other backup", func(d []byte) {
			editHeader(d, len(d)/512-1, func(h *gptHeader) { h.GUID[3]++ })
		}, 1, false, "the backup GPT differs"},
		{"entries of 0 bytes", func(d []byte) {
			editHeader(d, 1, func(h *gptHeader) { h.EntrySize = 0 })
		}, 1, true, "128 entries of 0 bytes"},
		{"entries of 2 GiB", func(d []byte) {
			editHeader(d, 1, func(h *gptHeader) { h.EntrySize = 1 << 31 })
		}, 1, true, "128 entries of 2147483648 bytes"},
		{"2^32 entries", func(d []byte) {
			editHeader(d, 1, func(h *gptHeader) { h.EntryCount = 1<<32 - 1 })
		}, 1, true, "4294967295 entries"},
		{"entries behind the disk", func(d []byte) {
			editHeader(d, 1, func(h *gptHeader) { h.EntriesLBA = 1 << 63 })
		}, 1, true, "are not on the disk"},
		{"entries in the MBR", func(d []byte) {
			editHeader(d, 1, func(h *gptHeader) { h.EntriesLBA = 0 })
		}, 1, true, "are not on the disk"},
		{"partition behind the disk", func(d []byte) { editEntry(d, 1, entryAt(1<<62, 1<<62+5)) }, 0, false, "behind the end of the disk"},
		{"partition too long", func(d []byte) { editEntry(d, 1, entryAt(2048, 1<<63)) }, 1, false, "is longer than the disk"},
		{"all sectors", func(d []byte) { editEntry(d, 1, entryAt(0, 1<<64-1)) }, 0, false, "ends before it begins"},
		{"backwards", func(d []byte) { editEntry(d, 1, entryAt(3000, 2000)) }, 0, false, "ends before it begins"},
		{"over the table", func(d []byte) { editEntry(d, 1, entryAt(1, 100)) }, 1, false, "not in the sectors that the GPT says"},
		{"overlap", func(d []byte) {
			editEntry(d, 2, func(e *gptEntry) { e.Type[0], e.First, e.Last = 1, 2100, 2200 })
		}, 2, false, "partitions 1 and 2 overlap"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			disk := gptDisk(t, 3*mib)
			tt.edit(disk)
			got := read(t, disk)
			if len(got.Partitions) != tt.parts || got.FromBackup != tt.backup {
				t.Errorf("got %+v", got)
			}
			checkWarnings(t, got, tt.warning)
		})
	}
}

func TestReadGPTResized(t *testing.T) {
	disk := gptDisk(t, 3*mib)
	got := read(t, append(disk, make([]byte, mib)...))
	if len(got.Partitions) != 1 {
		t.Errorf("got %+v", got)
	}
	checkWarnings(t, got, "not at the end of the disk, but 2048 sectors before it: the disk has grown")

	got = read(t, disk[:len(disk)-mib])
	if len(got.Partitions) != 1 {
		t.Errorf("got %+v", got)
	}
	checkWarnings(t, got, "the disk is too short: its GPT says")
}

func TestReadGPTHybrid(t *testing.T) {
	disk := gptDisk(t, 3*mib)
	copy(disk[entriesOffset+entrySize:], entryOf(0x80, 0x83, 2048, 100))
	if got := read(t, disk); !got.Hybrid || len(got.Partitions) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestReadGPTAttributes(t *testing.T) {
	disk := gptDisk(t, 3*mib)
	editEntry(disk, 1, func(e *gptEntry) {
		e.Attributes = 1<<63 | 1<<2
		copy(e.Name[:], []uint16{'a', 0x1b, 0xd83d, 0xde00, 0})
	})
	p := read(t, disk).Partitions[0]
	if !p.Bootable || p.Attributes != 1<<63|1<<2 || p.Name != "a\ufffd\U0001f600" {
		t.Errorf("got %+v", p)
	}
	if got, err := p.Attributes.MarshalJSON(); err != nil || string(got) != `"0x8000000000000004"` {
		t.Errorf("JSON %s, %v", got, err)
	}
}
