package partition

import (
	"fmt"
	"io"
)

const (
	sectorSize = 512 // of an MBR, and of most GPTs, in bytes

	// maxEntries is how many entries a GPT may have here. There are 128; sgdisk makes more on demand.
	maxEntries = 4096
)

// Read reads the partition table of the disk of size bytes. Where there is none, as on a bare file system, it
// returns nil and no error; its errors are those of r.
//
// A boot sector that ends in 55 AA is not enough for an MBR: FAT, NTFS and exFAT begin so. As in Linux and blkid
// a GPT counts only behind a protective MBR.
func Read(r io.ReaderAt, size int64) (*Table, error) {
	if size < sectorSize {
		return nil, nil
	}
	sector, err := readBytes(r, 0, sectorSize)
	if err != nil {
		return nil, err
	}
	if !hasSignature(sector) {
		return nil, nil
	}
	if isProtective(sector) {
		t, err := readGPT(r, size, sector)
		if err != nil || t.UUID != "" || isMBR(sector) {
			return t, err
		}
	}
	if !isMBR(sector) {
		return nil, nil // what looked like an entry is code
	}
	return readMBR(r, size, sector)
}

// readBytes returns the n bytes at off, which the caller has bounded.
func readBytes(r io.ReaderAt, off, n int64) ([]byte, error) {
	p := make([]byte, n)
	got, err := r.ReadAt(p, off)
	switch {
	case got == len(p):
		return p, nil
	case err == nil || err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return nil, fmt.Errorf("partition table: read at byte %d: %w", off+int64(got), err)
}
