package ext4

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

const (
	pageSize  = 16 << 10 // what metadata is read in, where blocks are not larger
	pagesMost = 16 << 20 // bytes of pages that are kept
	dirsMost  = 32 << 20 // bytes of directories that are kept, about

	trailsMost = 2 << 20 // bytes of paths that are kept, about
)

// OpenOptions says how to open a file system. The zero value will do.
type OpenOptions struct {
	// IgnoreChecksums takes metadata for what it is where its checksum says that it is damaged.
	IgnoreChecksums bool

	// IgnoreJournal reads a file system that was not unmounted as it lies there, without what is in its journal only.
	IgnoreJournal bool
}

// An FS is a file system that is open for reading. It is an io/fs.FS with symbolic links: Open, Stat, ReadDir and
// ReadFile follow them, those that are absolute from the root of the file system, and at most 40 on a path. Names are
// those of io/fs, of up to 4096 bytes, except that they need not be UTF-8.
//
// Metadata is checked where it is used, by its checksums if there are any: what is wrong is an error that has
// diskimg.ErrDamaged in its chain, never an empty directory. What an FS cannot read, such as an encrypted file, is
// diskimg.ErrUnsupported.
//
// Memory is bounded: 16 MiB of blocks, about 32 MiB of directories and one that is larger, and the directories and files
// that are open; and some bytes for each block of large directories, which must be theirs alone. An FS may be used concurrently and need not be closed.
type FS struct {
	geometry
	super      superblock
	r          io.ReaderAt // with what the journal has over it
	sums       bool        // metadata has checksums, which are looked at
	ignoreSums bool
	seed       uint32 // of the checksums
	places     []groupPlace
	zones      []zone
	pages      cache[int64, []byte]
	dirs       cache[uint32, *readDir]
	trails     cache[string, walker]
	claims     dirClaims
	warnings   []string
}

var (
	_ fs.StatFS     = (*FS)(nil)
	_ fs.ReadDirFS  = (*FS)(nil)
	_ fs.ReadFileFS = (*FS)(nil)
	_ fs.ReadLinkFS = (*FS)(nil)
)

// Open opens the file system in the size bytes of r. A journal that was not replayed is replayed in memory.
func Open(r io.ReaderAt, size int64, opts *OpenOptions) (*FS, error) {
	if opts == nil {
		opts = &OpenOptions{}
	}
	f, err := open(r, size, opts)
	if err != nil {
		return nil, fmt.Errorf("ext4: %w", err)
	}
	return f, nil
}

func open(r io.ReaderAt, size int64, opts *OpenOptions) (*FS, error) {
	f, err := openPlain(r, size, opts)
	if err != nil || !f.super.incompat(incompatRecover) {
		return f, err
	}
	if opts.IgnoreJournal {
		f.warnings = append(f.warnings, "the journal was not replayed: what was written last is missing or half there")
		return f, nil
	}
	over, err := f.replay()
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if f, err = openPlain(over, size, opts); err != nil {
		return nil, fmt.Errorf("after the journal: %w", err)
	}
	return f, nil
}

// openPlain opens a file system without a look at its journal.
func openPlain(r io.ReaderAt, size int64, opts *OpenOptions) (*FS, error) {
	f := &FS{r: r, ignoreSums: opts.IgnoreChecksums}
	f.pages.most, f.dirs.most, f.trails.most = pagesMost, dirsMost, trailsMost
	var err error
	if f.super, err = readSuperblock(r, size, opts.IgnoreChecksums); err != nil {
		return nil, err
	}
	if f.geometry, err = f.super.geometry(size); err != nil {
		return nil, err
	}
	f.sums = f.super.roCompat(roCompatMetadataCsum) && !opts.IgnoreChecksums
	f.seed = f.super.sumSeed()
	if err := f.readGroups(); err != nil {
		return nil, err
	}
	if _, err := f.directory(rootInode, rootInode); err != nil {
		if errors.Is(err, errEncrypted()) {
			return nil, unsupportedf("the root directory is encrypted")
		}
		return nil, err
	}
	return f, nil
}

// block returns block n, which must not be written to.
func (f *FS) block(n int64) ([]byte, error) {
	if n < 0 || n >= f.blocks {
		return nil, damagedf("block %d lies outside of the file system's %d", n, f.blocks)
	}
	return f.piece(n*f.blockSize, f.blockSize)
}

// piece returns n bytes at off, which lie in one block.
func (f *FS) piece(off, n int64) ([]byte, error) {
	size := max(pageSize, f.blockSize)
	page, err := f.pages.get(off/size, func() ([]byte, int64, error) {
		start := off / size * size
		b := make([]byte, min(size, f.blocks*f.blockSize-start))
		return b, size, readFull(f.r, b, start)
	})
	if err != nil {
		return nil, err
	}
	return page[off%size:][:n], nil
}
