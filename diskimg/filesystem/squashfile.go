package filesystem

import (
	"encoding/binary"
	"io"
	"io/fs"
	"sync"
)

// A squashFile is a regular file.
type squashFile struct {
	s   *squash
	ref uint64
}

func (f *squashFile) list(func(*file) error) error { return fs.ErrInvalid }

// A packed is a block of content as it is stored.
type packed struct {
	at   int64
	size uint32 // in bytes, and isPlain; 0 for zeros, which are not stored
}

const (
	isPlain         = 1 << 24 // it is not packed
	maxSquashBlocks = 1 << 20 // of one file
)

// content returns what is in the blocks. What they do not hold is in a fragment, with the ends of other files.
func (f *squashFile) content(size int64) (io.ReaderAt, error) {
	n, err := f.s.inode(f.ref)
	if err != nil {
		return nil, err
	}
	blockSize := int64(f.s.BlockSize)
	count := size / blockSize
	if size%blockSize > 0 && n.fragment == noFragment {
		count++
	}
	if count > maxSquashBlocks {
		return nil, unsupportedf("%d bytes are in more than %d blocks", size, maxSquashBlocks)
	}
	end := func() ([]byte, error) { return f.s.fragment(n, size%blockSize) }
	return &squashContent{s: f.s, size: size, count: count, end: end, sizes: n.rest, next: n.start}, nil
}

// A squashContent is the content of a file. It is an io.ReaderAt. It knows of as many blocks as were asked for: to find
// all of them takes long, if they are many, and names with such a file may be many, too.
type squashContent struct {
	s     *squash
	size  int64
	count int64                  // of blocks
	end   func() ([]byte, error) // what is in a fragment

	mu     sync.Mutex
	blocks []packed // from the first one on
	sizes  *metaReader
	next   int64 // where the block behind them is
	err    error // of sizes
}

// find returns where block i is.
func (c *squashContent) find(i int64) (packed, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var word [4]byte
	for int64(len(c.blocks)) <= i && c.err == nil {
		if _, c.err = io.ReadFull(c.sizes, word[:]); c.err != nil {
			break
		}
		b := packed{c.next, binary.LittleEndian.Uint32(word[:])}
		c.blocks, c.next = append(c.blocks, b), c.next+int64(b.size&^isPlain)
	}
	if i < int64(len(c.blocks)) {
		return c.blocks[i], nil
	}
	return packed{}, c.err
}

func (c *squashContent) ReadAt(p []byte, off int64) (n int, err error) {
	blockSize := int64(c.s.BlockSize)
	for n < len(p) && off < c.size {
		i := off / blockSize
		whole := min(blockSize, c.size-i*blockSize)
		part := p[n:min(int64(n)+i*blockSize+whole-off, int64(len(p)))]
		if err := c.block(i, part, off%blockSize, whole); err != nil {
			return n, err
		}
		n, off = n+len(part), off+int64(len(part))
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// block reads a part of block i, which is of whole bytes.
func (c *squashContent) block(i int64, p []byte, skip, whole int64) error {
	data, err := c.stored(i)
	if err != nil {
		return err
	}
	if data == nil {
		clear(p)
		return nil
	}
	if int64(len(data)) != whole {
		return damagedf("block %d is of %d bytes and has %d", i, whole, len(data))
	}
	copy(p, data[skip:])
	return nil
}

// stored returns what is in block i, nil if those are zeros.
func (c *squashContent) stored(i int64) ([]byte, error) {
	if i == c.count {
		return c.end()
	}
	b, err := c.find(i)
	if err != nil || b.size == 0 {
		return nil, err
	}
	return c.s.unpacked(b)
}

// unpacked returns what is in a block.
func (s *squash) unpacked(b packed) ([]byte, error) {
	return s.blocks.get(b, func() ([]byte, int, error) {
		n := b.size &^ isPlain
		if n > s.BlockSize {
			return nil, 0, damagedf("%d bytes are a block of %d", n, s.BlockSize)
		}
		data := make([]byte, n)
		err := readFull(s.r, data, b.at)
		if err == nil && b.size&isPlain == 0 {
			data, err = s.unpack(data, int(s.BlockSize))
		}
		return data, len(data), err
	})
}

// fragment returns the last bytes of a file, of which there are size.
func (s *squash) fragment(n *squashInode, size int64) ([]byte, error) {
	const perBlock, entrySize = 512, 16
	if n.fragment >= s.Fragments {
		return nil, damagedf("fragment %d of %d", n.fragment, s.Fragments)
	}
	at := make([]byte, 8)
	if err := readFull(s.r, at, s.FragmentTable+int64(n.fragment/perBlock)*8); err != nil {
		return nil, err
	}
	m, err := s.block(int64(binary.LittleEndian.Uint64(at)))
	if err != nil {
		return nil, err
	}
	skip := int(n.fragment%perBlock) * entrySize
	if skip+entrySize > len(m.data) {
		return nil, damagedf("fragment %d is not in its table", n.fragment)
	}
	e := m.data[skip:]
	data, err := s.unpacked(packed{int64(binary.LittleEndian.Uint64(e)), binary.LittleEndian.Uint32(e[8:])})
	if err != nil {
		return nil, err
	}
	if end := int64(n.offset) + size; end > int64(len(data)) {
		return nil, damagedf("a file ends at byte %d of %d of fragment %d", end, len(data), n.fragment)
	}
	return data[n.offset:][:size], nil
}
