package ext4

import (
	"encoding/binary"
	"fmt"
	"io"
)

const (
	maxLogBlockSize = 6       // 64 KiB
	maxGroups       = 1 << 18 // 32 TiB of groups of 128 MiB

	dynamicRev = 1 // of a superblock whose fields from FirstIno on count
	crc32cType = 1
)

// A geometry says where things are, in blocks. All of it was checked.
type geometry struct {
	blockSize      int64
	blocks         int64
	first          int64 // block of group 0
	perGroup       int64 // blocks
	perCluster     int64 // blocks, 1 without bigalloc
	groups         int64
	inodesPerGroup int64
	inodeSize      int64
	descSize       int64
}

// readSuperblock reads the primary superblock and checks what it says by itself.
func readSuperblock(r io.ReaderAt, size int64, ignoreSums bool) (superblock, error) {
	var s superblock
	if size < superblockOffset+superblockSize {
		return s, damagedf("%d bytes are too short for a file system", size)
	}
	b := make([]byte, superblockSize)
	if err := readFull(r, b, superblockOffset); err != nil {
		return s, fmt.Errorf("superblock: %w", err)
	}
	decode(b, &s)
	if s.Magic != magic {
		return s, unsupportedf("has no superblock of ext2, ext3 or ext4")
	}
	if s.RevLevel < dynamicRev {
		s.FeatureCompat, s.FeatureIncompat, s.FeatureROCompat = 0, 0, 0
		s.FirstIno, s.InodeSize = firstInode, inodeOldSize
	}
	if err := s.checkFeatures(); err != nil {
		return s, err
	}
	return s, s.checkSum(b, ignoreSums)
}

func (s *superblock) checkSum(b []byte, ignore bool) error {
	if !s.roCompat(roCompatMetadataCsum) || ignore {
		return nil
	}
	if s.ChecksumType != crc32cType {
		return unsupportedf("superblock: checksums of type %d are not known", s.ChecksumType)
	}
	if sum := crc32c(^uint32(0), b[:superblockSize-4]); sum != s.Checksum {
		return damagedf("superblock: checksum is %08x, should be %08x", s.Checksum, sum)
	}
	return nil
}

// geometry derives what is where in an area of size bytes.
func (s *superblock) geometry(size int64) (geometry, error) {
	if s.LogBlockSize > maxLogBlockSize {
		return geometry{}, damagedf("superblock: blocks of 2^%d KiB", s.LogBlockSize)
	}
	g := geometry{
		blockSize: 1024 << s.LogBlockSize, first: int64(s.FirstDataBlock), perGroup: int64(s.BlocksPerGroup),
		perCluster: 1, inodesPerGroup: int64(s.InodesPerGroup), inodeSize: int64(s.InodeSize), descSize: 32,
		blocks: int64(s.BlocksCountLo),
	}
	if s.incompat(incompat64Bit) {
		g.descSize = int64(s.DescSize)
		g.blocks |= int64(s.BlocksCountHi&0x7fffffff) << 32
	}
	if g.blocks > size/g.blockSize {
		return g, damagedf("superblock: %d blocks of %d bytes are more than the %d bytes there are", g.blocks, g.blockSize, size)
	}
	for _, check := range []error{s.checkClusters(&g), g.checkGroups(), g.checkInodes(s)} {
		if check != nil {
			return g, fmt.Errorf("superblock: %w", check)
		}
	}
	return g, nil
}

func (s *superblock) checkClusters(g *geometry) error {
	if !s.roCompat(roCompatBigalloc) {
		return nil
	}
	if s.LogClusterSize < s.LogBlockSize || s.LogClusterSize > 20 {
		return damagedf("clusters of 2^%d KiB", s.LogClusterSize)
	}
	g.perCluster = 1 << (s.LogClusterSize - s.LogBlockSize)
	if int64(s.ClustersPerGroup)*g.perCluster != g.perGroup {
		return damagedf("%d clusters and %d blocks a group", s.ClustersPerGroup, s.BlocksPerGroup)
	}
	return nil
}

func (g *geometry) checkGroups() error {
	perGroup := g.perGroup / g.perCluster
	switch {
	case g.first > 1 || g.first == 1 && g.blockSize != 1024 || g.first >= g.blocks:
		return damagedf("first block is %d of %d", g.first, g.blocks)
	case perGroup == 0 || perGroup%8 != 0 || perGroup > 8*g.blockSize:
		return damagedf("%d blocks a group", g.perGroup)
	case g.descSize < 32 || g.descSize > 1024 || g.descSize&(g.descSize-1) != 0:
		return damagedf("group descriptors of %d bytes", g.descSize)
	}
	g.groups = (g.blocks - g.first + g.perGroup - 1) / g.perGroup
	if g.groups > maxGroups {
		return unsupportedf("%d groups are more than %d", g.groups, maxGroups)
	}
	return nil
}

func (g *geometry) checkInodes(s *superblock) error {
	switch {
	case g.inodeSize < inodeOldSize || g.inodeSize > g.blockSize || g.inodeSize&(g.inodeSize-1) != 0:
		return damagedf("inodes of %d bytes", g.inodeSize)
	case g.inodesPerGroup == 0 || g.inodesPerGroup > 8*g.blockSize || g.inodesPerGroup*g.inodeSize%g.blockSize != 0:
		return damagedf("%d inodes a group", g.inodesPerGroup)
	case g.inodesPerGroup*g.groups != int64(s.InodesCount):
		return damagedf("%d inodes, but %d groups of %d", s.InodesCount, g.groups, g.inodesPerGroup)
	case s.FirstIno < firstInode || s.FirstIno > s.InodesCount:
		return damagedf("first inode is %d of %d", s.FirstIno, s.InodesCount)
	}
	return nil
}

// tableBlocks is how many blocks the inodes of a group take.
func (g *geometry) tableBlocks() int64 { return g.inodesPerGroup * g.inodeSize / g.blockSize }

// groupStart is the first block of a group, groupEnd the one behind the last.
func (g *geometry) groupStart(n int64) int64 { return g.first + n*g.perGroup }
func (g *geometry) groupEnd(n int64) int64   { return min(g.groupStart(n+1), g.blocks) }

// decode reads v, which has a fixed size, from the beginning of b, which is long enough.
func decode(b []byte, v any) {
	if _, err := binary.Decode(b, binary.LittleEndian, v); err != nil {
		panic(err) // only if the caller has not looked
	}
}
