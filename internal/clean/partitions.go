package clean

import (
	"context"
	"fmt"

	"amiforge/diskimg/inspect"
	"amiforge/diskimg/partition"
)

// partitions copies what is no file system that is made anew.
func (c *copier) partitions() error {
	disk := c.image.Disk()
	anew := map[int64]bool{}
	for _, v := range c.image.Volumes() {
		anew[v.Start] = v.Ext != nil
	}
	if f := disk.FileSystem; f != nil && !anew[0] {
		return fmt.Errorf("the disk holds %s, which is not made anew: there is nothing to clean", f.Type)
	}
	for _, p := range byStart(disk) {
		if anew[p.Start] {
			continue
		}
		if err := c.partition(p); err != nil {
			return fmt.Errorf("partition %d: %w", p.Index, err)
		}
	}
	return nil
}

func (c *copier) partition(p inspect.Partition) error {
	switch kind := p.FileSystem; {
	case kind == nil: // a boot loader's, or empty: else it would be among what is not read
		return c.copyRange(p.Start, p.Size)
	case kind.Type == "swap" || kind.Type == "swsuspend":
		return c.copySwap(p.Partition)
	default:
		c.notef("partition %d is copied as it is, with what was deleted in it: %s is not made anew", p.Index, kind.Type)
		return c.copyRange(p.Start, p.Size)
	}
}

// copySwap copies the first page of swap space, which has its size and its UUID. One with a machine in it that was put to
// sleep becomes empty.
func (c *copier) copySwap(p partition.Partition) error {
	const magic, least, most = "SWAPSPACE2", 4 << 10, 64 << 10
	for page := int64(least); page <= min(most, p.Size); page *= 2 {
		b := make([]byte, page)
		if err := c.read(b, p.Start); err != nil {
			return err
		}
		mark := b[page-int64(len(magic)):]
		switch string(mark) {
		case magic, "SWAP-SPACE":
		case "S1SUSPEND\x00", "S2SUSPEND\x00", "ULSUSPEND\x00", "LINHIB0001":
			copy(mark, magic)
		default:
			continue
		}
		_, err := c.dst.WriteAt(b, p.Start)
		return err
	}
	return nil
}

const copyChunk = 1 << 20

// copyRange copies the n bytes from off on, as far as the source has data there.
func (c *copier) copyRange(off, n int64) error {
	buf := make([]byte, min(copyChunk, max(n, 0)))
	for e, err := range c.src.Extents() {
		if err != nil {
			return err
		}
		from, to := max(e.Offset, off), min(e.End(), off+n)
		if e.Offset >= off+n {
			break
		}
		for ; from < to; from += int64(len(buf)) {
			if c.ctx.Err() != nil {
				return context.Cause(c.ctx)
			}
			if err := c.copyChunk(buf[:min(int64(len(buf)), to-from)], from); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *copier) copyChunk(p []byte, off int64) error {
	if err := c.read(p, off); err != nil {
		return err
	}
	if isZero(p) {
		return nil
	}
	_, err := c.dst.WriteAt(p, off)
	return err
}

func isZero(p []byte) bool {
	for _, b := range p {
		if b != 0 {
			return false
		}
	}
	return true
}
