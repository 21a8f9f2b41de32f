package partition

import (
	"crypto/rand"
	"fmt"
	"io"

	"amiforge/diskimg"
)

// mib is the unit that partitions and disks are aligned to, in bytes.
const mib = 1 << 20

// maxMBR is the end of what an MBR can tell of, in bytes: its entries have 32 bits for sectors.
const maxMBR = (1<<32 - 1) * sectorSize

// WrapOptions says how to wrap. The zero value will do.
type WrapOptions struct {
	Rand io.Reader // for the UUIDs of disk and partition; crypto/rand if nil

	// BootCode is what the firmware of a PC boots. Its first 440 bytes are the MBR's; in front of the partition of an MBR
	// it may go on behind the sector of the MBR, up to 1 MiB in all, as GRUB's boot.img and core.img together do. The
	// partition of a GPT is marked as the one that a legacy BIOS boots then. Nil is no boot loader.
	BootCode []byte
}

// A Wrapping is what makes the content of a partition, such as a bare file system, a disk: Head before it, Tail
// behind it, and zeros up to Tail.
type Wrapping struct {
	Kind   Kind
	Head   []byte // Offset bytes, the table first
	Offset int64  // of the content in the disk, in bytes: 1 MiB
	Tail   []byte // the last bytes of the disk: the backup of a GPT, nothing for an MBR
	Size   int64  // of the disk, in bytes: a multiple of 1 MiB

	content int64 // bytes
}

// Wrap returns what makes a disk of one partition out of size bytes of content. The partition has the length of
// the content, up to a whole sector. In an MBR it is of type Linux, and active, in a GPT Linux file system data
// named root.
func Wrap(kind Kind, size int64, opts *WrapOptions) (*Wrapping, error) {
	if opts == nil {
		opts = &WrapOptions{}
	}
	random := opts.Rand
	if random == nil {
		random = rand.Reader
	}
	if size <= 0 || size > diskimg.MaxSize-2*mib {
		return nil, fmt.Errorf("partition %s: %d bytes is no size of a file system", kind, size)
	}
	w := &Wrapping{Kind: kind, Head: make([]byte, mib), Offset: mib, content: size}
	var err error
	switch kind {
	case MBR:
		err = w.wrapMBR(random)
	case GPT:
		err = w.wrapGPT(random, opts.BootCode != nil)
	default:
		err = fmt.Errorf("partition table %q: want %s or %s", kind, MBR, GPT)
	}
	if err == nil {
		err = w.putBootCode(opts.BootCode)
	}
	if err != nil {
		return nil, err
	}
	return w, nil
}

// sectors returns the partition's first sector and how many it has.
func (w *Wrapping) sectors() (first, n uint64) {
	return uint64(w.Offset) / sectorSize, uint64(roundUp(w.content, sectorSize)) / sectorSize
}

func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }

// Map returns where the disk has data if the content has it at data: what diskimg.CreateOptions.Map wants.
func (w *Wrapping) Map(data []diskimg.Extent) []diskimg.Extent {
	m := []diskimg.Extent{{Offset: 0, Length: w.Offset}}
	for _, e := range data {
		m = append(m, diskimg.Extent{Offset: e.Offset + w.Offset, Length: e.Length})
	}
	if len(w.Tail) > 0 {
		m = append(m, w.tail())
	}
	return m
}

func (w *Wrapping) tail() diskimg.Extent {
	n := int64(len(w.Tail))
	return diskimg.Extent{Offset: w.Size - n, Length: n}
}
