package partition

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"
)

// tinyGPT is a disk of 20 sectors whose GPT has four entries, one of them used.
func tinyGPT() []byte {
	disk := make([]byte, 20*sectorSize)
	putTable(disk, 0, entryOf(0, typeProtective, 1, 19))
	e := gptEntry{Type: parseGUID(TypeLinux), First: 3, Last: 16}
	for _, lba := range []int{1, 19} {
		h := gptHeader{
			Magic: [8]byte([]byte(gptMagic)), Revision: gptRevision, HeaderSize: gptHeaderSize,
			MyLBA: uint64(lba), AlternateLBA: uint64(20 - lba), FirstUsable: 3, LastUsable: 17,
			EntriesLBA: uint64(max(2, lba-1)), EntryCount: 4, EntrySize: gptEntrySize,
		}
		if _, err := binary.Encode(disk[h.EntriesLBA*sectorSize:], binary.LittleEndian, e); err != nil {
			panic(err)
		}
		copy(disk[lba*sectorSize:], h.bytes())
		reseal(disk, lba)
	}
	return disk
}

// reseal makes the checksums of the GPT at sector lba right, as far as they can be: a fuzzer would never.
func reseal(disk []byte, lba int) {
	if len(disk) < (lba+1)*sectorSize || lba < 1 {
		return
	}
	editHeader(disk, lba, func(h *gptHeader) {
		from, n := h.EntriesLBA*sectorSize, uint64(h.EntryCount)*gptEntrySize
		if h.EntriesLBA < uint64(len(disk)) && from+n <= uint64(len(disk)) {
			h.EntriesCRC = crc32.ChecksumIEEE(disk[from:][:n])
		}
	})
}

// FuzzRead holds a partition table to what Read promises: no panic, and every partition on the disk.
func FuzzRead(f *testing.F) {
	f.Add(tinyGPT())
	recovered := tinyGPT()
	clear(recovered[512:1024])
	f.Add(recovered)
	logical := mbrDisk(30, entryOf(0x80, 0x83, 1, 5), entryOf(0, 5, 10, 20))
	putTable(logical, 10*sectorSize, entryOf(0, 0x83, 1, 5), entryOf(0, 5, 10, 20))
	putTable(logical, 20*sectorSize, entryOf(0, 0x83, 1, 5))
	f.Add(logical)
	f.Fuzz(func(t *testing.T, disk []byte) {
		checkRead(t, disk)
		disk = bytes.Clone(disk)
		reseal(disk, 1)
		reseal(disk, len(disk)/sectorSize-1)
		checkRead(t, disk)
	})
}

func checkRead(t *testing.T, disk []byte) {
	t.Helper()
	table, err := Read(bytes.NewReader(disk), int64(len(disk)))
	if err != nil {
		t.Fatal(err)
	}
	if table == nil {
		return
	}
	for _, p := range table.Partitions {
		if p.Start < 0 || p.Size <= 0 || p.Size > int64(len(disk)) || p.End() > int64(len(disk)) {
			t.Errorf("partition %+v is not on a disk of %d bytes", p, len(disk))
		}
	}
}

func TestTinyGPT(t *testing.T) {
	got := read(t, tinyGPT())
	if len(got.Partitions) != 1 || len(got.Warnings) != 0 {
		t.Errorf("got %+v", got)
	}
}
