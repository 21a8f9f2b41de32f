package ext4

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
)

// A journal is that of a file system which was not unmounted.
type journal struct {
	f     *FS
	super journalSuper
	m     mapping
	seed  uint32

	revoked map[int64]uint32 // the last transaction that took a block back
	copies  map[int64]placed // of blocks of the file system
}

// A placed copy of a block is at block place of the file system.
type placed struct {
	place   int64
	escaped bool
	intact  bool // its checksum is right
}

// replay returns what f reads from, with what is in the journal over it. It keeps a place in memory for each block,
// and no block.
func (f *FS) replay() (io.ReaderAt, error) {
	j, err := f.openJournal()
	if err != nil {
		return nil, err
	}
	over := &overlay{under: f.r, blockSize: f.blockSize, copies: j.copies}
	if j.super.Start == 0 {
		return over, nil
	}
	end, err := j.scan(j.super.Sequence+uint32(min(j.super.MaxLen, fileBlocks-1)), j.noteRevoked)
	if err != nil {
		return nil, err
	}
	if _, err := j.scan(end, j.noteCopies); err != nil {
		return nil, err
	}
	return over, j.checkFast(end)
}

func (f *FS) openJournal() (*journal, error) {
	if !f.super.compat(compatHasJournal) {
		return nil, damagedf("there is none, and it should be replayed")
	}
	if f.super.JournalInum == 0 {
		return nil, unsupportedf("lies on another device and was not replayed: is not supported")
	}
	n, err := f.node(f.super.JournalInum)
	if err != nil {
		return nil, err
	}
	if n.kind() != typeRegular || n.LinksCount == 0 || n.size/f.blockSize > f.blocks {
		return nil, damagedf("inode %d: is no journal", n.number)
	}
	j := &journal{f: f, m: mapping{n: n}, revoked: map[int64]uint32{}, copies: map[int64]placed{}}
	return j, j.readSuper()
}

func (j *journal) readSuper() error {
	b, _, err := j.block(0)
	if err != nil {
		return err
	}
	s := &j.super
	decodeBig(b, s)
	const known = journalHasRevoke | journal64Bit | journalAsync | journalSumV2 | journalSumV3 | journalFastCommit
	switch {
	case s.Magic != journalMagic || s.Type != journalSuperV1 && s.Type != journalSuperV2:
		return damagedf("has no superblock")
	case s.Type == journalSuperV1:
		s.Incompat = 0
	case s.Incompat&^known != 0:
		return unsupportedf("feature %#x is not known", s.Incompat&^known)
	}
	if err := j.checkSuper(b); err != nil {
		return err
	}
	blocks := j.m.n.size / j.f.blockSize
	if int64(s.BlockSize) != j.f.blockSize || int64(s.MaxLen) > blocks || s.First == 0 || s.First >= j.end() || s.Start != 0 && s.Start < s.First || s.Start >= s.MaxLen {
		return damagedf("its superblock has %d blocks of %d bytes, from %d on, of %d", s.MaxLen, s.BlockSize, s.Start, blocks)
	}
	j.seed = crc32c(^uint32(0), s.UUID[:])
	return nil
}

func (j *journal) checkSuper(b []byte) error {
	const at = 0xfc
	if !j.sums() {
		return nil
	}
	sum := crc32c(crc32c(crc32c(^uint32(0), b[:at]), make([]byte, 4)), b[at+4:journalSuperSize])
	if sum != j.super.Checksum && !j.f.ignoreSums {
		return damagedf("superblock: checksum is %08x, should be %08x", j.super.Checksum, sum)
	}
	return nil
}

func (j *journal) sums() bool { return j.super.Incompat&(journalSumV2|journalSumV3) != 0 }

// end is the block behind the log. Fast commits follow, unless they would leave less than Linux wants of a log.
func (j *journal) end() uint32 {
	const leastLog, usualFast = 1024, 256
	if j.super.Incompat&journalFastCommit == 0 {
		return j.super.MaxLen
	}
	fast := int64(cmp.Or(j.super.FastBlocks, usualFast))
	if log := int64(j.super.MaxLen) - fast; log >= leastLog {
		return uint32(log)
	}
	return j.super.MaxLen
}

// block returns block n of the journal, and where it is.
func (j *journal) block(n uint32) (b []byte, place int64, err error) {
	r, err := j.m.at(int64(n))
	if err != nil {
		return nil, 0, err
	}
	if r.place == 0 {
		return nil, 0, damagedf("block %d is a hole", n)
	}
	b, err = j.f.block(r.place)
	return b, r.place, err
}

// checkFast refuses fast commits, which say what was done to files and not what blocks became. Linux leaves one block
// between the log and the first of them.
func (j *journal) checkFast(next uint32) error {
	const headTag = 9
	first := int64(j.end()) + 1
	if j.super.Incompat&journalFastCommit == 0 || first >= int64(j.super.MaxLen) {
		return nil
	}
	b, _, err := j.block(uint32(first))
	if err != nil {
		return err
	}
	order := binary.LittleEndian
	if order.Uint16(b) == headTag && order.Uint32(b[8:]) == next {
		return unsupportedf("fast commits that were not replayed are not supported")
	}
	return nil
}

func decodeBig(b []byte, v any) {
	if _, err := binary.Decode(b, binary.BigEndian, v); err != nil {
		panic(err) // only if the caller has not looked
	}
}

// An overlay reads copies of blocks where there are some.
type overlay struct {
	under     io.ReaderAt
	blockSize int64
	copies    map[int64]placed
}

func (o *overlay) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		n, err := o.some(p[done:], off+int64(done))
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// some reads up to the end of a block with a copy, or up to one.
func (o *overlay) some(p []byte, off int64) (int, error) {
	block, in := off/o.blockSize, off%o.blockSize
	c, ok := o.copies[block]
	if !ok {
		end := o.blockSize - in
		for ; end < int64(len(p)); end += o.blockSize {
			block++
			if _, ok := o.copies[block]; ok {
				break
			}
		}
		return o.under.ReadAt(p[:min(int64(len(p)), end)], off)
	}
	p = p[:min(int64(len(p)), o.blockSize-in)]
	n, err := o.under.ReadAt(p, c.place*o.blockSize+in)
	if c.escaped {
		var magic [4]byte
		binary.BigEndian.PutUint32(magic[:], journalMagic)
		if in < 4 {
			copy(p[:n], magic[in:])
		}
	}
	if n == len(p) {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("journal: %w", err)
	}
	return n, err
}
