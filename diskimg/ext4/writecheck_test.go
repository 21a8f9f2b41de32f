package ext4

import (
	"encoding/binary"
	"fmt"
	"testing"
)

// A checker looks over a file system in memory as e2fsck does, but for directories: every checksum, and every block
// counted once and as the bitmaps have it.
type checker struct {
	b     []byte
	sb    superblock
	seed  uint32
	used  map[int64]string
	attrs map[int64]int // how many inodes have a block of attributes
}

// check fails the test if there is anything wrong in b.
func check(t *testing.T, b []byte) {
	t.Helper()
	c := &checker{b: b, used: map[int64]string{}, attrs: map[int64]int{}}
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
}

func (c *checker) read(off int64, v any) []byte {
	n, err := binary.Decode(c.b[off:], binary.LittleEndian, v)
	if err != nil {
		panic(err)
	}
	return c.b[off : off+int64(n)]
}

func (c *checker) at(block int64) []byte { return c.b[block*blockSize : (block+1)*blockSize] }

func (c *checker) use(block int64, what string) error {
	if had := c.used[block]; had != "" {
		return fmt.Errorf("block %d is of %s and of %s", block, had, what)
	}
	c.used[block] = what
	return nil
}

func (c *checker) check() error {
	if raw := c.read(superblockOffset, &c.sb); crc32c(^uint32(0), raw[:1020]) != c.sb.Checksum {
		return fmt.Errorf("superblock: wrong checksum")
	}
	if int64(len(c.b)) != int64(c.sb.BlocksCountLo)*blockSize {
		return fmt.Errorf("%d bytes for %d blocks", len(c.b), c.sb.BlocksCountLo)
	}
	c.seed = crc32c(^uint32(0), c.sb.UUID[:])
	groups := ceilDiv(int64(c.sb.BlocksCountLo), blockGroup)
	descs := make([]groupDesc, groups)
	for i := range descs {
		if err := c.checkGroup(int64(i), groups, &descs[i]); err != nil {
			return fmt.Errorf("group %d: %w", i, err)
		}
	}
	for i := range descs {
		if err := c.checkInodes(int64(i), &descs[i]); err != nil {
			return fmt.Errorf("group %d: %w", i, err)
		}
	}
	for block, n := range c.attrs {
		if got := binary.LittleEndian.Uint32(c.at(block)[4:]); got != uint32(n) {
			return fmt.Errorf("attributes in block %d: %d references, counted %d", block, got, n)
		}
	}
	return c.checkBitmaps(descs)
}

func (c *checker) checkGroup(i, groups int64, d *groupDesc) error {
	raw := append([]byte(nil), c.read(blockSize+64*i, d)...)
	raw[30], raw[31] = 0, 0
	if sum := crc32c(crc32c(c.seed, binary.LittleEndian.AppendUint32(nil, uint32(i))), raw); uint16(sum) != d.Checksum {
		return fmt.Errorf("wrong checksum")
	}
	if hasSuper(i) {
		for k := range 1 + ceilDiv(groups, descsPerBlock) {
			if err := c.use(i*blockGroup+k, "superblock"); err != nil {
				return err
			}
		}
	}
	for k := range int64(c.sb.InodesPerGroup / tableInodes) {
		if err := c.use(int64(d.InodeTableLo)+k, "inodes"); err != nil {
			return err
		}
	}
	if err := c.use(int64(d.BlockBitmapLo), "block bitmap"); err != nil {
		return err
	}
	return c.use(int64(d.InodeBitmapLo), "inode bitmap")
}

func (c *checker) checkInodes(group int64, d *groupDesc) error {
	free := int64(c.sb.InodesPerGroup)
	bits := c.at(int64(d.InodeBitmapLo))
	if d.Flags&groupInodeUninit == 0 {
		if sum := crc32c(c.seed, bits[:c.sb.InodesPerGroup/8]); uint32(d.InodeBitmapCsumLo)|uint32(d.InodeBitmapCsumHi)<<16 != sum {
			return fmt.Errorf("inode bitmap: wrong checksum")
		}
	}
	for i := range int64(c.sb.InodesPerGroup) {
		ino := uint32(group*int64(c.sb.InodesPerGroup) + i + 1)
		var n inode
		raw := append([]byte(nil), c.b[int64(d.InodeTableLo)*blockSize+i*writtenInode:][:writtenInode]...)
		c.read(int64(d.InodeTableLo)*blockSize+i*writtenInode, &n)
		if marked := d.Flags&groupInodeUninit == 0 && bits[i/8]>>(i%8)&1 != 0; marked != (n.LinksCount > 0 || ino < firstInode) {
			return fmt.Errorf("inode %d: %d links, marked: %v", ino, n.LinksCount, marked)
		} else if marked {
			free--
		}
		if n.LinksCount == 0 {
			continue
		}
		raw[124], raw[125], raw[130], raw[131] = 0, 0, 0, 0
		seed := crc32c(crc32c(c.seed, binary.LittleEndian.AppendUint32(nil, ino)), make([]byte, 4))
		if crc32c(seed, raw) != uint32(n.ChecksumLo)|uint32(n.ChecksumHi)<<16 {
			return fmt.Errorf("inode %d: wrong checksum", ino)
		}
		if err := c.checkBlocks(ino, &n, seed); err != nil {
			return fmt.Errorf("inode %d: %w", ino, err)
		}
	}
	if free != int64(d.FreeInodesCountLo) {
		return fmt.Errorf("%d free inodes, counted %d", d.FreeInodesCountLo, free)
	}
	return nil
}

func (c *checker) checkBlocks(ino uint32, n *inode, seed uint32) error {
	count := int64(0)
	if n.FileACLLo != 0 {
		count++
		c.attrs[int64(n.FileACLLo)]++
		c.used[int64(n.FileACLLo)] = "attributes"
	}
	var err error
	switch {
	case ino == resizeInode:
		double := int64(binary.LittleEndian.Uint32(n.Block[52:]))
		count++
		err = c.use(double, "resize inode")
		for ; err == nil && count <= int64(c.sb.ReservedGDTBlocks); count++ { // one group: it has no copies
			err = c.use(int64(binary.LittleEndian.Uint32(c.at(double)[4*count:])), "reserved")
		}
	case n.Flags&inodeExtents != 0:
		count, err = c.checkTree(n.Block[:], seed, count)
	}
	if err == nil && count*8 != int64(n.BlocksLo) {
		err = fmt.Errorf("%d sectors for %d blocks", n.BlocksLo, count)
	}
	return err
}

func (c *checker) checkTree(node []byte, seed uint32, count int64) (int64, error) {
	le := binary.LittleEndian
	depth := le.Uint16(node[6:])
	for i := range int(le.Uint16(node[2:])) {
		e := node[12+12*i:]
		first, n := int64(le.Uint32(e[8:])), int64(le.Uint16(e[4:]))
		if depth > 0 {
			first, n = int64(le.Uint32(e[4:])), 1
		}
		for k := range n {
			if err := c.use(first+k, "content"); err != nil {
				return 0, err
			}
		}
		count += n
		if depth > 0 {
			below := c.at(first)
			if crc32c(seed, below[:4092]) != le.Uint32(below[4092:]) {
				return 0, fmt.Errorf("tree: wrong checksum")
			}
			var err error
			if count, err = c.checkTree(below, seed, count); err != nil {
				return 0, err
			}
		}
	}
	return count, nil
}

func (c *checker) checkBitmaps(descs []groupDesc) error {
	for i, d := range descs {
		bits := c.at(int64(d.BlockBitmapLo))
		if sum := crc32c(c.seed, bits); d.Flags&groupBlockUninit == 0 && uint32(d.BlockBitmapCsumLo)|uint32(d.BlockBitmapCsumHi)<<16 != sum {
			return fmt.Errorf("block bitmap %d: wrong checksum", i)
		}
		free := 0
		for k := range int64(blockGroup) {
			block := int64(i)*blockGroup + k
			want := c.used[block] != "" || block >= int64(c.sb.BlocksCountLo)
			if got := bits[k/8]>>(k%8)&1 != 0; d.Flags&groupBlockUninit == 0 && got != want {
				return fmt.Errorf("block %d is marked: %v, used by %q", block, got, c.used[block])
			}
			if !want {
				free++
				if p := c.at(block); !isZero(p) {
					return fmt.Errorf("block %d is free and not zero", block)
				}
			}
		}
		if free != int(d.FreeBlocksCountLo) {
			return fmt.Errorf("group %d: %d free blocks, counted %d", i, d.FreeBlocksCountLo, free)
		}
	}
	return nil
}
