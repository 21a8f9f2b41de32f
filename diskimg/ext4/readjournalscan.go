package ext4

import (
	"encoding/binary"
	"fmt"
)

// A transaction is what lies between two commits.
type transaction struct {
	sequence uint32
	copies   map[int64]placed
	revoked  []int64
}

// scan goes over all transactions before end that were committed, and calls do with each. It returns the number of
// the first that was not.
func (j *journal) scan(end uint32, do func(*transaction) error) (uint32, error) {
	sequence, at := j.super.Sequence, j.super.Start
	for left := int64(j.super.MaxLen); left > 0 && sequence != end; {
		t := &transaction{sequence: sequence, copies: map[int64]placed{}}
		used, committed, err := j.transaction(t, at, left)
		if err != nil {
			return sequence, fmt.Errorf("transaction %d: %w", sequence, err)
		}
		if !committed {
			break
		}
		if err := do(t); err != nil {
			return sequence, fmt.Errorf("transaction %d: %w", sequence, err)
		}
		at, left = j.after(at, used), left-used
		sequence++
	}
	return sequence, nil
}

// after is the block n behind at: the log goes round.
func (j *journal) after(at uint32, n int64) uint32 {
	size := int64(j.end() - j.super.First)
	return j.super.First + uint32((int64(at-j.super.First)+n)%size)
}

// transaction reads one, and tells how many of the left blocks it takes. What ends it, but for a commit, is what was
// there before: it was not written to its end.
func (j *journal) transaction(t *transaction, at uint32, left int64) (used int64, committed bool, err error) {
	for used < left {
		b, _, err := j.block(j.after(at, used))
		if err != nil {
			return 0, false, err
		}
		var h journalHeader
		decodeBig(b, &h)
		if h.Magic != journalMagic || h.Sequence != t.sequence {
			return 0, false, nil
		}
		used++
		switch h.Type {
		case journalDescriptor:
			n, ok, err := j.descriptor(t, b, at, used)
			if err != nil || !ok {
				return 0, false, err
			}
			used += n
		case journalRevoke:
			if ok, err := j.revoke(t, b); err != nil || !ok {
				return 0, false, err
			}
		case journalCommit:
			return used, j.commitOK(b), nil
		default:
			return 0, false, nil
		}
	}
	return 0, false, nil
}

// descriptor notes the copies that follow, and tells how many they are.
func (j *journal) descriptor(t *transaction, b []byte, at uint32, used int64) (n int64, ok bool, err error) {
	if !j.tailOK(b) {
		return 0, false, nil
	}
	end := len(b)
	if j.sums() {
		end -= 4
	}
	for off := binary.Size(journalHeader{}); off+j.tagSize() <= end; {
		tag := b[off:]
		block, flags := j.tag(tag)
		off += j.tagSize()
		if flags&tagSameID == 0 {
			off += 16
		}
		copied, place, err := j.block(j.after(at, used+n))
		if err != nil {
			return 0, false, err
		}
		if block < 0 || block >= j.f.blocks {
			return 0, false, damagedf("block %d of %d", block, j.f.blocks)
		}
		n++
		if n > int64(j.super.MaxLen) {
			return 0, false, damagedf("has more blocks than the journal")
		}
		t.copies[block] = placed{place, flags&tagEscaped != 0, j.copyOK(tag, t.sequence, copied)}
		if flags&tagLast != 0 {
			break
		}
	}
	return n, true, nil
}

// tagSize is how long a tag is, without the UUID.
func (j *journal) tagSize() int {
	has := func(bit uint32) bool { return j.super.Incompat&bit != 0 }
	switch {
	case has(journalSumV3):
		return 16
	case has(journal64Bit) && has(journalSumV2):
		return 14
	case has(journal64Bit):
		return 12
	case has(journalSumV2):
		return 10
	}
	return 8
}

func (j *journal) tag(b []byte) (block int64, flags uint32) {
	order := binary.BigEndian
	block = int64(order.Uint32(b))
	flags = uint32(order.Uint16(b[6:]))
	if j.super.Incompat&journalSumV3 != 0 {
		flags = order.Uint32(b[4:])
	}
	if j.super.Incompat&journal64Bit != 0 {
		block |= int64(order.Uint32(b[8:])&0x7fffffff) << 32
	}
	return block, flags
}

// copyOK tells whether the checksum of a copy is the one in its tag.
func (j *journal) copyOK(tag []byte, sequence uint32, b []byte) bool {
	if !j.sums() || j.f.ignoreSums {
		return true
	}
	sum := crc32c(crc32c(j.seed, binary.BigEndian.AppendUint32(nil, sequence)), b)
	if j.super.Incompat&journalSumV3 != 0 {
		return sum == binary.BigEndian.Uint32(tag[12:])
	}
	return uint16(sum) == binary.BigEndian.Uint16(tag[4:])
}

func (j *journal) revoke(t *transaction, b []byte) (bool, error) {
	if !j.tailOK(b) {
		return false, nil
	}
	order := binary.BigEndian
	used, size := int(order.Uint32(b[12:])), 4
	if j.super.Incompat&journal64Bit != 0 {
		size = 8
	}
	if used < 16 || used > len(b) {
		return false, damagedf("%d bytes are revoked in a block", used)
	}
	for off := 16; off+size <= used; off += size {
		block := int64(order.Uint32(b[off:]))
		if size == 8 {
			block = int64(order.Uint64(b[off:]))
		}
		t.revoked = append(t.revoked, block)
	}
	return true, nil
}

// tailOK tells whether the checksum at the end of a descriptor or a list of revoked blocks is right.
func (j *journal) tailOK(b []byte) bool {
	if !j.sums() || j.f.ignoreSums {
		return true
	}
	end := len(b) - 4
	return crc32c(crc32c(j.seed, b[:end]), make([]byte, 4)) == binary.BigEndian.Uint32(b[end:])
}

// commitOK tells whether the checksum of a commit is right: an interrupted one does not count.
func (j *journal) commitOK(b []byte) bool {
	const at = 16
	if !j.sums() || j.f.ignoreSums {
		return true
	}
	sum := crc32c(crc32c(crc32c(j.seed, b[:at]), make([]byte, 4)), b[at+4:])
	return sum == binary.BigEndian.Uint32(b[at:])
}

func (j *journal) noteRevoked(t *transaction) error {
	for _, block := range t.revoked {
		j.revoked[block] = t.sequence
	}
	return nil
}

// noteCopies takes the copies of a transaction over those of the ones before, but for blocks that were revoked in it
// or later. A copy that is damaged is so only if it counts.
func (j *journal) noteCopies(t *transaction) error {
	for block, c := range t.copies {
		if last, ok := j.revoked[block]; ok && int32(last-t.sequence) >= 0 {
			continue
		}
		if !c.intact {
			return damagedf("the copy of block %d has another checksum than its tag says", block)
		}
		j.copies[block] = c
	}
	return nil
}
