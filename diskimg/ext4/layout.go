package ext4

// What is on the disk, field by field, little-endian.

const (
	superblockOffset = 1024 // of the primary superblock, in bytes
	superblockSize   = 1024
	magic            = 0xef53

	rootInode  = 2
	firstInode = 11 // that is not reserved: lost+found

	nameMax     = 255
	linkMax     = 65000 // of a file; a directory with more has 1 (dir_nlink)
	symlinkFast = 60    // a target shorter than this lies in the inode
)

// A superblock is at byte 1024, and in the first block of the groups that have a copy [ext4, "Super Block"].
type superblock struct {
	InodesCount       uint32
	BlocksCountLo     uint32
	RBlocksCountLo    uint32 // reserved for root
	FreeBlocksCountLo uint32
	FreeInodesCount   uint32
	FirstDataBlock    uint32 // 1 where blocks are of 1024 bytes, else 0
	LogBlockSize      uint32 // 1024 << this
	LogClusterSize    uint32
	BlocksPerGroup    uint32
	ClustersPerGroup  uint32
	InodesPerGroup    uint32
	Mtime             uint32
	Wtime             uint32
	MntCount          uint16
	MaxMntCount       uint16
	Magic             uint16
	State             uint16 // 1: unmounted cleanly, 2: errors
	Errors            uint16
	MinorRevLevel     uint16
	Lastcheck         uint32
	Checkinterval     uint32
	CreatorOS         uint32
	RevLevel          uint32
	DefResuid         uint16
	DefResgid         uint16

	// From here on where RevLevel is 1.
	FirstIno             uint32
	InodeSize            uint16
	BlockGroupNr         uint16 // of this copy
	FeatureCompat        uint32
	FeatureIncompat      uint32
	FeatureROCompat      uint32
	UUID                 [16]byte
	VolumeName           [16]byte
	LastMounted          [64]byte
	AlgorithmUsageBitmap uint32
	PreallocBlocks       uint8
	PreallocDirBlocks    uint8
	ReservedGDTBlocks    uint16
	JournalUUID          [16]byte
	JournalInum          uint32
	JournalDev           uint32
	LastOrphan           uint32
	HashSeed             [4]uint32
	DefHashVersion       uint8
	JnlBackupType        uint8
	DescSize             uint16
	DefaultMountOpts     uint32
	FirstMetaBg          uint32
	MkfsTime             uint32
	JnlBlocks            [17]uint32 // a copy of the journal inode's i_block and size
	BlocksCountHi        uint32
	RBlocksCountHi       uint32
	FreeBlocksCountHi    uint32
	MinExtraIsize        uint16
	WantExtraIsize       uint16
	Flags                uint32
	RaidStride           uint16
	MMPInterval          uint16
	MMPBlock             uint64
	RaidStripeWidth      uint32
	LogGroupsPerFlex     uint8
	ChecksumType         uint8 // 1: crc32c
	_                    uint16
	KbytesWritten        uint64
	SnapshotInum         uint32
	SnapshotID           uint32
	SnapshotRBlocksCount uint64
	SnapshotList         uint32
	ErrorCount           uint32
	FirstErrorTime       uint32
	FirstErrorIno        uint32
	FirstErrorBlock      uint64
	FirstErrorFunc       [32]byte
	FirstErrorLine       uint32
	LastErrorTime        uint32
	LastErrorIno         uint32
	LastErrorLine        uint32
	LastErrorBlock       uint64
	LastErrorFunc        [32]byte
	MountOpts            [64]byte
	UsrQuotaInum         uint32
	GrpQuotaInum         uint32
	OverheadBlocks       uint32
	BackupBgs            [2]uint32 // sparse_super2
	EncryptAlgos         [4]uint8
	EncryptPwSalt        [16]byte
	LpfIno               uint32
	PrjQuotaInum         uint32
	ChecksumSeed         uint32 // metadata_csum_seed
	WtimeHi              uint8
	MtimeHi              uint8
	MkfsTimeHi           uint8
	LastcheckHi          uint8
	FirstErrorTimeHi     uint8
	LastErrorTimeHi      uint8
	FirstErrorErrcode    uint8
	LastErrorErrcode     uint8
	Encoding             uint16
	EncodingFlags        uint16
	OrphanFileInum       uint32
	_                    [94]uint32
	Checksum             uint32 // crc32c of all before
}

// Features that a file system may be written to and read without knowing.
const (
	compatDirPrealloc  = 0x1
	compatImagicInodes = 0x2
	compatHasJournal   = 0x4
	compatExtAttr      = 0x8
	compatResizeInode  = 0x10
	compatDirIndex     = 0x20
	compatLazyBG       = 0x40
	compatExcludeInode = 0x80
	compatExcludeBmap  = 0x100
	compatSparseSuper2 = 0x200
	compatFastCommit   = 0x400
	compatStableInodes = 0x800
	compatOrphanFile   = 0x1000
)

// Features that a file system cannot be read without knowing.
const (
	incompatCompression = 0x1
	incompatFiletype    = 0x2
	incompatRecover     = 0x4 // the journal has something that is not in its place yet
	incompatJournalDev  = 0x8
	incompatMetaBG      = 0x10
	incompatExtents     = 0x40
	incompat64Bit       = 0x80
	incompatMMP         = 0x100
	incompatFlexBG      = 0x200
	incompatEAInode     = 0x400
	incompatDirdata     = 0x1000
	incompatCsumSeed    = 0x2000
	incompatLargeDir    = 0x4000
	incompatInlineData  = 0x8000
	incompatEncrypt     = 0x10000
	incompatCasefold    = 0x20000
)

// Features that a file system cannot be written to without knowing.
const (
	roCompatSparseSuper  = 0x1
	roCompatLargeFile    = 0x2
	roCompatBtreeDir     = 0x4
	roCompatHugeFile     = 0x8
	roCompatGDTCsum      = 0x10
	roCompatDirNlink     = 0x20
	roCompatExtraIsize   = 0x40
	roCompatHasSnapshot  = 0x80
	roCompatQuota        = 0x100
	roCompatBigalloc     = 0x200
	roCompatMetadataCsum = 0x400
	roCompatReplica      = 0x800
	roCompatReadonly     = 0x1000
	roCompatProject      = 0x2000
	roCompatSharedBlocks = 0x4000
	roCompatVerity       = 0x8000
	roCompatOrphanPres   = 0x10000
)

// A groupDesc describes a block group [ext4, "Block Group Descriptors"]. The second half is there with 64-bit block
// numbers only.
type groupDesc struct {
	BlockBitmapLo     uint32
	InodeBitmapLo     uint32
	InodeTableLo      uint32
	FreeBlocksCountLo uint16
	FreeInodesCountLo uint16
	UsedDirsCountLo   uint16
	Flags             uint16
	ExcludeBitmapLo   uint32
	BlockBitmapCsumLo uint16
	InodeBitmapCsumLo uint16
	ItableUnusedLo    uint16
	Checksum          uint16

	BlockBitmapHi     uint32
	InodeBitmapHi     uint32
	InodeTableHi      uint32
	FreeBlocksCountHi uint16
	FreeInodesCountHi uint16
	UsedDirsCountHi   uint16
	ItableUnusedHi    uint16
	ExcludeBitmapHi   uint32
	BlockBitmapCsumHi uint16
	InodeBitmapCsumHi uint16
	_                 uint32
}

// Flags of a groupDesc.
const (
	groupInodeUninit = 0x1 // its inode bitmap and table were not written
	groupBlockUninit = 0x2 // its block bitmap was not written
	groupInodeZeroed = 0x4 // its inode table is zeroed
)

// An inode describes a file [ext4, "Index Nodes"]. What lies behind GenerationHi is extra, as far as the inode's size
// and ExtraIsize go; what is left behind that holds extended attributes.
type inode struct {
	Mode       uint16
	UIDLo      uint16
	SizeLo     uint32
	Atime      uint32
	Ctime      uint32
	Mtime      uint32
	Dtime      uint32
	GIDLo      uint16
	LinksCount uint16
	BlocksLo   uint32 // of 512 bytes, unless inodeHugeFile
	Flags      uint32
	Version    uint32
	Block      [60]byte // extents, the block map, a short target, inline data, or a device
	Generation uint32
	FileACLLo  uint32 // the block with extended attributes
	SizeHi     uint32
	ObsoFaddr  uint32
	BlocksHi   uint16
	FileACLHi  uint16
	UIDHi      uint16
	GIDHi      uint16
	ChecksumLo uint16
	_          uint16

	ExtraIsize uint16 // bytes from here on that are in use
	ChecksumHi uint16
	CtimeExtra uint32 // nanoseconds << 2, and two more bits of the seconds
	MtimeExtra uint32
	AtimeExtra uint32
	Crtime     uint32
	CrtimeExtr uint32
	VersionHi  uint32
	ProjectID  uint32
}

const (
	inodeOldSize = 128 // of ext2's, in bytes
	inodeMinimum = 160 // of one with all of the fields above
)

// Types of a file, in the Mode of an inode.
const (
	typeMask    = 0xf000
	typeFIFO    = 0x1000
	typeChar    = 0x2000
	typeDir     = 0x4000
	typeBlock   = 0x6000
	typeRegular = 0x8000
	typeSymlink = 0xa000
	typeSocket  = 0xc000
)

// Flags of an inode.
const (
	inodeEncrypt    = 0x800
	inodeIndex      = 0x1000
	inodeHugeFile   = 0x40000
	inodeExtents    = 0x80000
	inodeEAInode    = 0x200000
	inodeInlineData = 0x10000000
)

// An extentHeader begins each node of an extent tree, in the inode or in a block [ext4, "Extent Tree"].
type extentHeader struct {
	Magic      uint16
	Entries    uint16
	Max        uint16
	Depth      uint16 // 0: the entries are extents, else extentIndexes
	Generation uint32
}

// An extent is a run of blocks of a file.
type extent struct {
	Block   uint32 // the first, in the file
	Len     uint16 // above extentInit it is that much less, allocated and not written
	StartHi uint16
	StartLo uint32
}

// An extentIndex leads to a node one level down.
type extentIndex struct {
	Block  uint32 // the first, in the file, that it is about
	LeafLo uint32
	LeafHi uint16
	_      uint16
}

const (
	extentMagic   = 0xf30a
	extentInit    = 32768 // the most blocks of an extent that was written
	extentMaxTree = 5     // levels
)

// File types in directories (incompatFiletype).
const (
	dirUnknown = 0
	dirRegular = 1
	dirDir     = 2
	dirChar    = 3
	dirBlock   = 4
	dirFIFO    = 5
	dirSocket  = 6
	dirSymlink = 7
	dirTail    = 0xde // no file: the checksum at the end of a block
)

const xattrMagic = 0xea020000

// xattrPrefixes are the namespaces of extended attributes by their number on the disk [ext4, "Extended Attributes"].
// Numbers 2 and 3 are whole names.
func xattrPrefixes() map[uint8]string {
	return map[uint8]string{
		0: "",
		1: "user.",
		2: "system.posix_acl_access",
		3: "system.posix_acl_default",
		4: "trusted.",
		6: "security.",
		7: "system.",
		8: "system.richacl",
	}
}

const (
	descsPerBlock = 64   // descriptors of 64 bytes in a block of 4096
	maxReserved   = 1024 // blocks reserved for descriptors: as many as an indirect block has numbers for

	resizeInode  = 7 // whose blocks are those that are reserved for descriptors
	journalInode = 8
)
