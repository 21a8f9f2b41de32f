package ext4

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Info describes a file system.
type Info struct {
	Kind           string // ext2, ext3 or ext4, as blkid has it
	UUID           string
	Label          string
	BlockSize      int64
	Blocks         int64
	FreeBlocks     int64 // as the superblock has it
	ReservedBlocks int64 // that only root gets
	Inodes         int64
	FreeInodes     int64
	Features       []string // as dumpe2fs names them
	State          string   // clean, not clean, needs recovery; and "with errors"
	Journal        string   // internal, external, or nothing
	MkfsTime       time.Time
	LastMounted    string   // where
	Warnings       []string // what is odd, or was not read
}

// Info describes the file system as its superblock does, after the journal.
func (f *FS) Info() Info {
	s := &f.super
	i := Info{
		Kind: s.generation(), UUID: uuidString(s.UUID), Label: cString(s.VolumeName[:]), BlockSize: f.blockSize,
		Blocks: f.blocks, FreeBlocks: int64(s.FreeBlocksCountLo),
		ReservedBlocks: int64(s.RBlocksCountLo), Inodes: int64(s.InodesCount), FreeInodes: int64(s.FreeInodesCount),
		Features: s.features(), State: s.state(), LastMounted: cString(s.LastMounted[:]), Warnings: slices.Clone(f.warnings),
	}
	if s.incompat(incompat64Bit) {
		i.FreeBlocks = joined(s.FreeBlocksCountLo, s.FreeBlocksCountHi)
		i.ReservedBlocks = joined(s.RBlocksCountLo, s.RBlocksCountHi)
	}
	if s.MkfsTime != 0 {
		i.MkfsTime = time.Unix(int64(s.MkfsTime)|int64(s.MkfsTimeHi)<<32, 0).UTC()
	}
	if s.compat(compatHasJournal) {
		i.Journal = "internal"
		if s.JournalInum == 0 {
			i.Journal = "external"
		}
	}
	for _, name := range i.Features {
		if strings.HasPrefix(name, "FEATURE_") {
			i.Warnings = append(i.Warnings, name+" is not known")
		}
	}
	return i
}

func (s *superblock) features() []string {
	list := featureNames(s.FeatureCompat, compatNames(), "C")
	list = append(list, featureNames(s.FeatureIncompat, incompatNames(), "I")...)
	return append(list, featureNames(s.FeatureROCompat, roCompatNames(), "R")...)
}

// generation tells ext2, ext3 and ext4 apart by their features, as blkid does.
func (s *superblock) generation() string {
	const (
		ext3Incompat = incompatFiletype | incompatRecover | incompatMetaBG
		ext3ROCompat = roCompatSparseSuper | roCompatLargeFile | roCompatBtreeDir
	)
	switch {
	case s.FeatureIncompat&^ext3Incompat != 0 || s.FeatureROCompat&^ext3ROCompat != 0:
		return "ext4"
	case s.compat(compatHasJournal):
		return "ext3"
	}
	return "ext2"
}

func (s *superblock) state() string {
	const unmounted, withErrors = 1, 2
	state := "clean"
	switch {
	case s.incompat(incompatRecover):
		state = "needs recovery"
	case s.State&unmounted == 0:
		state = "not clean"
	}
	if s.State&withErrors != 0 {
		state += " with errors"
	}
	return state
}

func uuidString(u [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// cString is what stands in front of the first zero byte.
func cString(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}
