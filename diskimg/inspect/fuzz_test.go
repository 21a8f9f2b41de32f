package inspect

import (
	"bytes"
	"io"
	"testing"

	"amiforge/diskimg/partition"
)

// A zeroFilled is data with zeros behind it, without end.
type zeroFilled []byte

func (z zeroFilled) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < int64(len(z)) {
		copy(p, z[off:])
	}
	return len(p), nil
}

// FuzzDisk holds what is looked for to its bounds: no panic, no error where reading works, and reads that are
// neither long nor many.
func FuzzDisk(f *testing.F) {
	f.Add(wrap(f, partition.MBR, ext4(f)[:4096])[:512], int64(9<<20))
	f.Add(ext4(f)[:2048], int64(8<<20))
	for _, pieces := range []map[int64]string{
		md1(0), md1(4096), luks(2),
		{0: lvmSector(0)},
		{0: "XFSB"},
		{0: "hsqs"},
		{3: "NTFS    "},
		{3: "EXFAT   "},
		{54: "FAT16   "},
		{82: "FAT32   "},
		{f2fsOffset: "\x10\x20\xf5\xf2"},
		{erofsOffset: "\xe2\xe1\xf5\xe0"},
	} {
		head := make([]byte, 8192)
		for off, data := range pieces {
			copy(head[off:], data)
		}
		f.Add(head, int64(100<<20))
	}
	f.Fuzz(func(t *testing.T, head []byte, size int64) {
		if size < 0 {
			return
		}
		r := &counting{ReaderAt: zeroFilled(head)}
		if _, err := Disk(r, size); err != nil {
			t.Fatal(err)
		}
		if r.most > partition4096 || r.n > maxPartitions*8*mib {
			t.Errorf("%d bytes were read, %d at once", r.n, r.most)
		}
		if _, err := Disk(bytes.NewReader(head), size); err != nil && size <= int64(len(head)) {
			t.Errorf("%v: reading works", err)
		}
	})
}

// partition4096 is the longest table that package partition reads: 4096 entries of 128 bytes.
const partition4096 = 4096 * 128

var _ io.ReaderAt = zeroFilled(nil)
