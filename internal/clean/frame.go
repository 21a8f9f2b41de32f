package clean

import (
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"amiforge/diskimg/inspect"
	"amiforge/diskimg/partition"
)

// maxGap is how much is copied of what stands in front of the first partition: the partition table, and the boot loader.
const maxGap = 1 << 20

// byStart returns the partitions of a disk that hold something.
func byStart(disk *inspect.Report) []inspect.Partition {
	parts := slices.DeleteFunc(slices.Clone(disk.Partitions), func(p inspect.Partition) bool { return p.Extended })
	slices.SortStableFunc(parts, func(a, b inspect.Partition) int { return cmp.Compare(a.Start, b.Start) })
	return parts
}

// frame copies what is around the partitions.
func (c *copier) frame() error {
	disk := c.image.Disk()
	if disk.Table == nil {
		return nil
	}
	gap := min(maxGap, c.src.Size())
	for _, p := range disk.Partitions {
		gap = min(gap, p.Start)
	}
	if err := c.copyRange(0, gap); err != nil {
		return err
	}
	if err := c.noteGap(gap); err != nil {
		return err
	}
	for _, p := range disk.Partitions {
		if p.Extended {
			if err := c.copyLogical(p.Partition); err != nil {
				return err
			}
		}
	}
	if disk.Table.Kind == partition.GPT {
		return c.copyGPT(disk.Table.SectorSize)
	}
	return nil
}

// noteGap warns of what stands between the part of the disk that is copied and the first partition, which some boot loaders
// have there.
func (c *copier) noteGap(copied int64) error {
	first := c.src.Size()
	for _, p := range c.image.Disk().Partitions {
		first = min(first, p.Start)
	}
	b := make([]byte, copyChunk)
	for e, err := range c.src.Extents() {
		if err != nil {
			return err
		}
		for off, end := max(e.Offset, copied), min(e.End(), first); off < end; off += copyChunk {
			p := b[:min(copyChunk, end-off)]
			if err := c.read(p, off); err != nil {
				return err
			}
			if !isZero(p) {
				c.notef("what is in front of the first partition is copied up to byte %d: a boot loader behind that has to be installed anew", copied)
				return nil
			}
		}
	}
	return nil
}

// copyLogical copies the records of the logical partitions, one in front of each, which are a chain.
func (c *copier) copyLogical(extended partition.Partition) error {
	const sector, nextRecord, most = 512, 446 + 16, 1000
	at := extended.Start
	for range most {
		b := make([]byte, sector)
		if at < extended.Start || at+sector > extended.End() {
			return nil
		}
		if err := c.read(b, at); err != nil {
			return err
		}
		if b[510] != 0x55 || b[511] != 0xaa {
			return nil
		}
		if err := c.copyRange(at, sector); err != nil {
			return err
		}
		start := binary.LittleEndian.Uint32(b[nextRecord+8:])
		if b[nextRecord+4] == 0 || start == 0 {
			return nil
		}
		at = extended.Start + int64(start)*sector
	}
	return nil
}

// A gptPlace is the part of the header of a GPT that says where its parts are, from byte 32 on [UEFI 2.10, 5.3.2].
type gptPlace struct {
	Alternate, FirstUsable, LastUsable uint64
	DiskGUID                           [16]byte
	Entries                            uint64
	Number, EntrySize                  uint32
}

// copyGPT copies both copies of a GPT, wherever they are: the second one is at the end of the disk, or where that was
// when it was made.
func (c *copier) copyGPT(sector int64) error {
	first, err := c.copyTable(sector, sector)
	if err != nil {
		return err
	}
	last := c.src.Size()/sector*sector - sector
	if _, err := c.copyTable(last, sector); err != nil {
		return err
	}
	if at := int64(min(first.Alternate, 1<<62/uint64(sector))) * sector; at > 0 && at < last {
		_, err = c.copyTable(at, sector)
	}
	return err
}

// copyTable copies the header at byte at, if there is one, and its entries.
func (c *copier) copyTable(at, sector int64) (place gptPlace, err error) {
	b := make([]byte, sector)
	if at < 0 || at+sector > c.src.Size() {
		return place, nil
	}
	if err := c.read(b, at); err != nil {
		return place, err
	}
	if string(b[:8]) != "EFI PART" {
		return place, nil
	}
	if _, err := binary.Decode(b[32:], binary.LittleEndian, &place); err != nil {
		return place, err
	}
	entries := int64(min(place.Entries, 1<<62/uint64(sector))) * sector
	n := min(int64(place.Number)*int64(place.EntrySize), maxGap)
	return place, errors.Join(c.copyFree(at, sector), c.copyFree(entries, n))
}

// copyFree copies what of the n bytes from off on is in no partition.
func (c *copier) copyFree(off, n int64) error {
	end := min(off+n, c.src.Size())
	for _, p := range byStart(c.image.Disk()) {
		if p.End() <= off || p.Start >= end {
			continue
		}
		if p.Start > off {
			if err := c.copyRange(off, p.Start-off); err != nil {
				return err
			}
		}
		off = p.End()
	}
	return c.copyRange(off, end-off)
}

func (c *copier) read(p []byte, off int64) error {
	n, err := c.src.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
