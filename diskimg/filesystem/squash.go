package filesystem

import "io"

// A squashSuper is the superblock of squashfs, at byte 0, little-endian [Linux, fs/squashfs/squashfs_fs.h]. Package
// inspect has seen that the size of a block is sane.
type squashSuper struct {
	_              [3]uint32
	BlockSize      uint32
	Fragments      uint32
	Compression    uint16
	_              [3]uint16
	Major, Minor   uint16
	Root           uint64 // where the inode of the root directory is, in the table of inodes
	_              uint64
	_              uint64 // the table of users and groups
	_              uint64 // of extended attributes
	InodeTable     int64
	DirectoryTable int64
	FragmentTable  int64
	_              uint64
}

const (
	squashMetadata = 8 << 10 // bytes of a block of metadata, unpacked
	maxSquashBlock = 1 << 20 // bytes of one of content

	// What is kept unpacked, twice as many bytes at most.
	maxKeptMetadata = 2 << 20
	maxKeptBlocks   = 8 << 20
)

// A squash is a squashfs.
type squash struct {
	squashSuper
	r        io.ReaderAt
	unpack   unpacker
	metadata cache[int64, metaBlock]
	blocks   cache[packed, []byte]
}

// openSquash returns the root directory.
func openSquash(r io.ReaderAt) (entry, error) {
	s := &squash{r: r, metadata: cache[int64, metaBlock]{most: maxKeptMetadata}, blocks: cache[packed, []byte]{most: maxKeptBlocks}}
	if err := readStruct(r, 0, &s.squashSuper); err != nil {
		return nil, err
	}
	if s.Major != 4 || s.Minor != 0 {
		return nil, unsupportedf("version %d.%d is not supported", s.Major, s.Minor)
	}
	var err error
	if s.unpack, err = newUnpacker(s.Compression, max(int(s.BlockSize), squashMetadata)); err != nil {
		return nil, err
	}
	root, err := s.inode(s.Root)
	if err != nil {
		return nil, err
	}
	if dir, ok := root.entry(s).(*squashDir); ok {
		return dir, nil
	}
	return nil, damagedf("the root is no directory")
}
