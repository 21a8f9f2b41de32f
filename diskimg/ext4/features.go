package ext4

import (
	"fmt"
	"strings"
)

// compatNames, incompatNames and roCompatNames are the features by their bits, as dumpe2fs has them.
func compatNames() map[uint32]string {
	return map[uint32]string{
		compatDirPrealloc:  "dir_prealloc",
		compatImagicInodes: "imagic_inodes",
		compatHasJournal:   "has_journal",
		compatExtAttr:      "ext_attr",
		compatResizeInode:  "resize_inode",
		compatDirIndex:     "dir_index",
		compatLazyBG:       "lazy_bg",
		compatExcludeInode: "exclude_inode",
		compatExcludeBmap:  "snapshot_bitmap",
		compatSparseSuper2: "sparse_super2",
		compatFastCommit:   "fast_commit",
		compatStableInodes: "stable_inodes",
		compatOrphanFile:   "orphan_file",
	}
}

func incompatNames() map[uint32]string {
	return map[uint32]string{
		incompatCompression: "compression",
		incompatFiletype:    "filetype",
		incompatRecover:     "needs_recovery",
		incompatJournalDev:  "journal_dev",
		incompatMetaBG:      "meta_bg",
		incompatExtents:     "extent",
		incompat64Bit:       "64bit",
		incompatMMP:         "mmp",
		incompatFlexBG:      "flex_bg",
		incompatEAInode:     "ea_inode",
		incompatDirdata:     "dirdata",
		incompatCsumSeed:    "metadata_csum_seed",
		incompatLargeDir:    "large_dir",
		incompatInlineData:  "inline_data",
		incompatEncrypt:     "encrypt",
		incompatCasefold:    "casefold",
	}
}

func roCompatNames() map[uint32]string {
	return map[uint32]string{
		roCompatSparseSuper:  "sparse_super",
		roCompatLargeFile:    "large_file",
		roCompatBtreeDir:     "btree_dir",
		roCompatHugeFile:     "huge_file",
		roCompatGDTCsum:      "uninit_bg",
		roCompatDirNlink:     "dir_nlink",
		roCompatExtraIsize:   "extra_isize",
		roCompatHasSnapshot:  "snapshot",
		roCompatQuota:        "quota",
		roCompatBigalloc:     "bigalloc",
		roCompatMetadataCsum: "metadata_csum",
		roCompatReplica:      "replica",
		roCompatReadonly:     "read-only",
		roCompatProject:      "project",
		roCompatSharedBlocks: "shared_blocks",
		roCompatVerity:       "verity",
		roCompatOrphanPres:   "orphan_present",
	}
}

// featureNames names the bits that are set. One without a name has a number, with letter in front, as dumpe2fs does.
func featureNames(bits uint32, names map[uint32]string, letter string) []string {
	var list []string
	for i := range 32 {
		bit := uint32(1) << i
		switch name := names[bit]; {
		case bits&bit == 0:
		case name == "":
			list = append(list, fmt.Sprintf("FEATURE_%s%d", letter, i))
		default:
			list = append(list, name)
		}
	}
	return list
}

// checkFeatures refuses what cannot be read. Of the others, compatible and read-only ones, nothing that is read
// depends, whether they have a name or not.
func (s *superblock) checkFeatures() error {
	const refused = incompatCompression | incompatDirdata
	names := incompatNames()
	var known uint32
	for bit := range names {
		known |= bit
	}
	if s.FeatureIncompat&incompatJournalDev != 0 {
		return unsupportedf("is the journal of another file system")
	}
	if bits := s.FeatureIncompat & refused; bits != 0 {
		return unsupportedf("feature %s is not supported", strings.Join(featureNames(bits, names, "I"), ", "))
	}
	if bits := s.FeatureIncompat &^ known; bits != 0 {
		return unsupportedf("feature %s is not known", strings.Join(featureNames(bits, names, "I"), ", "))
	}
	return nil
}

func (s *superblock) compat(bit uint32) bool   { return s.FeatureCompat&bit != 0 }
func (s *superblock) incompat(bit uint32) bool { return s.FeatureIncompat&bit != 0 }
func (s *superblock) roCompat(bit uint32) bool { return s.FeatureROCompat&bit != 0 }
