package ext4

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	blockSize      = 4096
	blockGroup     = 8 * blockSize // blocks of a group: what a block of a bitmap has bits for
	writtenInode   = 256           // bytes
	tableInodes    = blockSize / writtenInode
	maxGroupInodes = 8 * blockSize
	maxBlocks      = 1 << 32 // 16 TiB: the numbers of all blocks have 32 bits
)

// CreateOptions say what file system Create makes. Nil and the zero value mean the defaults.
type CreateOptions struct {
	// Size of the file system in bytes, a multiple of 4096 and up to 16 TiB. With 0 it is what the content needs and a
	// quarter, in whole MiB.
	Size int64

	UUID [16]byte  // zero: a random one
	Rand io.Reader // where the random UUID comes from; nil: crypto/rand

	Label string // up to 16 bytes

	// Time is when the file system was made and last written, and that of the directories that no Entry is about.
	// Zero: now.
	Time time.Time

	Inodes    int64 // at least so many; 0: one for 16 KiB as mke2fs has it, or a quarter more than there are files
	Reserved  int   // percent of the blocks that only root gets; 0: 5 as mke2fs has it, below 0: none
	NoJournal bool  // even where there is room

	Progress func(n int64) // called with the bytes of content that each step took, holes included
}

// A Writer makes a file system. It puts the content of files into their place as it comes and, in Finish, what
// describes them behind it, so what is written needs no reading and no second pass. It holds the attributes and the
// name of each file in memory, about 300 bytes, and two MiB to gather writes.
//
// Writes go on in the background, one at a time: where a Writer is given up without Finish, one may be going on.
//
// An entry that is refused, or whose content cannot be read, leaves everything as it was, and the next may come. An
// error of the destination stays.
type Writer struct {
	opts  CreateOptions
	seed  uint32 // of the checksums of this file system
	time  stamp
	alloc allocator
	out   output

	nodes []*draft // by inode number - 1; nil are free
	reuse []uint32 // inode numbers below len(nodes) that are free
	root  *draft
	lost  *draft // lost+found

	parentName string // of the directory that the last entry was in
	parent     *draft

	attrs  attrSets
	chunk  []byte // of the content that is read
	spans  []span // extents of the file that is written
	dents  []dirent
	block  [blockSize]byte
	closed bool
}

// Create begins a file system at the beginning of w, which must read as zeros where nothing was written: a new file,
// say. Holes are not written, and the end need not be: see Finish.
func Create(w io.WriterAt, opts *CreateOptions) (*Writer, error) {
	if opts == nil {
		opts = &CreateOptions{}
	}
	o := *opts
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("ext4: create: %w", err)
	}
	made := &Writer{
		opts:  o,
		seed:  crc32c(^uint32(0), o.UUID[:]),
		time:  newStamp(o.Time),
		alloc: newAllocator(headBlocks(o.Size / blockSize)),
		out:   newOutput(w, o.Size),
		chunk: make([]byte, 256<<10),
	}
	made.makeRoot()
	return made, nil
}

func (o *CreateOptions) complete() error {
	switch {
	case o.Size < 0 || o.Size%blockSize != 0:
		return fmt.Errorf("a size of %d bytes is not a multiple of %d", o.Size, blockSize)
	case o.Size > maxBlocks*blockSize:
		return fmt.Errorf("%d bytes are more than 16 TiB", o.Size)
	case len(o.Label) > 16:
		return fmt.Errorf("label %q is longer than 16 bytes", o.Label)
	case o.Reserved > 50:
		return fmt.Errorf("%d percent of reserved blocks are more than 50", o.Reserved)
	case o.Inodes < 0 || o.Inodes > maxBlocks-maxGroupInodes:
		return fmt.Errorf("%d inodes are not possible", o.Inodes)
	}
	if o.Reserved == 0 {
		o.Reserved = 5
	}
	if o.Time.IsZero() {
		o.Time = time.Now()
	}
	if o.Progress == nil {
		o.Progress = func(int64) {}
	}
	return o.completeUUID()
}

func (o *CreateOptions) completeUUID() error {
	if o.UUID != [16]byte{} {
		return nil
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if _, err := io.ReadFull(o.Rand, o.UUID[:]); err != nil {
		return fmt.Errorf("uuid: %w", err)
	}
	o.UUID[6] = o.UUID[6]&0x0f | 0x40 // version 4
	o.UUID[8] = o.UUID[8]&0x3f | 0x80
	return nil
}

// A SizeError says that the content does not fit into a file system of the given size. It comes from Finish, when all
// is known that there is to fit in.
type SizeError struct {
	Size int64 // that was given, in bytes
	Need int64 // that would do
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("ext4: %d bytes are too small: the content needs %d (%d MiB)", e.Size, e.Need, e.Need>>20)
}

var errFinished = errors.New("ext4: the file system is finished")
