package ext4

import (
	"encoding/binary"
	"fmt"
	"iter"

	"amiforge/diskimg"
)

// Slack yields the runs of bytes that belong to regular files and are not shown by them: what lies behind a file's end
// in its last block, what was allocated behind that, and what was allocated and not written yet. What was there before
// may still be. Of files that had lost their last name and were open still, it is all, and so it is of the journal. They
// are in the order of the inodes. It stops at the first error.
func (f *FS) Slack() iter.Seq2[diskimg.Extent, error] {
	return func(yield func(diskimg.Extent, error) bool) {
		used := int64(0)
		for n, err := range f.files() {
			if err != nil {
				yield(diskimg.Extent{}, fmt.Errorf("ext4: %w", err))
				return
			}
			for e, err := range n.slack(&used) {
				if err != nil {
					err = fmt.Errorf("ext4: %w", err)
				}
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

// files yields the inodes of regular files, by number.
func (f *FS) files() iter.Seq2[*readNode, error] {
	return func(yield func(*readNode, error) bool) {
		for group, p := range f.places {
			if p.flags&groupInodeUninit != 0 {
				continue
			}
			for i := range f.inodesPerGroup - int64(p.unused) {
				number := uint32(int64(group)*f.inodesPerGroup + i + 1)
				n, err := f.fileAt(number)
				if (n != nil || err != nil) && (!yield(n, err) || err != nil) {
					return
				}
			}
		}
	}
}

// fileAt reads the inode number if it is that of a regular file which is not deleted, or else returns nil. An orphan,
// without a name but in use still, is empty, and so is the journal.
func (f *FS) fileAt(number uint32) (*readNode, error) {
	const modeAt, linksAt = 0, 0x1a
	isJournal := f.super.compat(compatHasJournal) && number == f.super.JournalInum
	if number < f.super.FirstIno && !isJournal {
		return nil, nil
	}
	b, err := f.inodeBytes(number)
	if err != nil {
		return nil, err
	}
	order := binary.LittleEndian
	if order.Uint16(b[modeAt:])&typeMask != typeRegular {
		return nil, nil
	}
	orphan := order.Uint16(b[linksAt:]) == 0
	if orphan {
		if used, err := f.inodeUsed(number); err != nil || !used {
			return nil, err
		}
	}
	n, err := f.node(number)
	if err == nil && (orphan || isJournal) {
		n.size = 0
	}
	return n, err
}

// inodeUsed tells whether the bitmap says so of the inode number.
func (f *FS) inodeUsed(number uint32) (bool, error) {
	group, i := int64(number-1)/f.inodesPerGroup, int64(number-1)%f.inodesPerGroup
	b, err := f.block(f.places[group].inodeBitmap)
	if err != nil {
		return false, fmt.Errorf("group %d: %w", group, err)
	}
	return b[i/8]>>(i%8)&1 != 0, nil
}

// slack yields the runs of bytes of n that it does not show. It adds the blocks of n to used, and ends in an error where
// these are more than there are: where files share theirs again and again.
func (n *readNode) slack(used *int64) iter.Seq2[diskimg.Extent, error] {
	return func(yield func(diskimg.Extent, error) bool) {
		if n.has(inodeInlineData) {
			return
		}
		w := n.walkBlocks()
		for {
			r, ok, err := w.run(fileBlocks)
			if err != nil {
				yield(diskimg.Extent{}, err)
				return
			}
			if !ok {
				return
			}
			if *used += r.n; *used > n.where.blocks && !n.where.super.roCompat(roCompatSharedBlocks) {
				yield(diskimg.Extent{}, damagedf("inode %d: the files up to here have more blocks than the file system", n.number))
				return
			}
			if e := n.hidden(r); e.Length > 0 && !yield(e, nil) {
				return
			}
		}
	}
}

// hidden is the part of r that the file does not show.
func (n *readNode) hidden(r blockRun) diskimg.Extent {
	size := n.where.blockSize
	shown := min(max(n.size-r.block*size, 0), r.n*size)
	if r.unwritten {
		shown = 0
	}
	return diskimg.Extent{Offset: r.place*size + shown, Length: r.n*size - shown}
}
