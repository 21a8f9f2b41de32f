package filesystem

import (
	"encoding/binary"
	"io"
)

// A metaBlock is a block of metadata, unpacked.
type metaBlock struct {
	data []byte
	next int64 // where the next one is
}

// block returns the block of metadata at a place. Before it are its packed size and, if it is not packed, the top bit.
func (s *squash) block(at int64) (metaBlock, error) {
	return s.metadata.get(at, func() (m metaBlock, size int, err error) {
		head := make([]byte, 2)
		if err := readFull(s.r, head, at); err != nil {
			return m, 0, err
		}
		n := int(binary.LittleEndian.Uint16(head))
		plain := n&0x8000 != 0
		if n &= 0x7fff; n == 0 || n > squashMetadata {
			return m, 0, damagedf("a block of metadata of %d bytes at byte %d", n, at)
		}
		m.data, m.next = make([]byte, n), at+2+int64(n)
		if err := readFull(s.r, m.data, at+2); err != nil {
			return m, 0, err
		}
		if !plain {
			m.data, err = s.unpack(m.data, squashMetadata)
		}
		return m, len(m.data), err
	})
}

// A metaReader reads metadata, block after block.
type metaReader struct {
	s    *squash
	next int64
	left []byte
}

// read returns a reader of a table from a reference on: the place of the block in it, and 16 bits for that in the block.
func (s *squash) read(table int64, ref uint64) (*metaReader, error) {
	at := table + int64(ref>>16)
	m, err := s.block(at)
	if err != nil {
		return nil, err
	}
	skip := int(ref & 0xffff)
	if skip > len(m.data) {
		return nil, damagedf("byte %d of %d of the metadata at byte %d", skip, len(m.data), at)
	}
	return &metaReader{s, m.next, m.data[skip:]}, nil
}

func (m *metaReader) Read(p []byte) (int, error) {
	if len(m.left) == 0 {
		b, err := m.s.block(m.next)
		if err != nil {
			return 0, err
		}
		m.next, m.left = b.next, b.data
	}
	n := copy(p, m.left)
	m.left = m.left[n:]
	return n, nil
}

// decode reads the structure v.
func (m *metaReader) decode(v any) error {
	b := make([]byte, binary.Size(v))
	if _, err := io.ReadFull(m, b); err != nil {
		return err
	}
	decode(b, v)
	return nil
}
