package filesystem

import (
	"encoding/binary"
	"fmt"
	"io"
)

// readStruct reads the structure v, of a fixed size and little-endian, at off.
func readStruct(r io.ReaderAt, off int64, v any) error {
	b := make([]byte, binary.Size(v))
	if err := readFull(r, b, off); err != nil {
		return err
	}
	decode(b, v)
	return nil
}

// decode decodes the structure v at the start of b, which is long enough.
func decode(b []byte, v any) {
	if _, err := binary.Decode(b, binary.LittleEndian, v); err != nil {
		panic(err) // only if it has no fixed size
	}
}

// readFull reads all of b at off. That there is no such place is damage.
func readFull(r io.ReaderAt, b []byte, off int64) error {
	if off < 0 {
		return damagedf("%d bytes at byte %d", len(b), off)
	}
	n, err := r.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case err == nil || err == io.EOF:
		return damage{fmt.Errorf("%d bytes at byte %d: %w", len(b), off, io.ErrUnexpectedEOF)}
	}
	return err
}
