package ext4

// What is in a journal, big-endian [ext4, "Journal (jbd2)"].

// A journalHeader begins each block of the journal that is not a copy of one of the file system.
type journalHeader struct {
	Magic    uint32
	Type     uint32
	Sequence uint32 // of the transaction
}

// A journalSuper is the journal's first block.
type journalSuper struct {
	journalHeader
	BlockSize uint32
	MaxLen    uint32 // blocks
	First     uint32 // block of the log
	Sequence  uint32 // of the first transaction
	Start     uint32 // its block; 0 where there is none
	Errno     uint32

	// From here on in version 2.
	Compat       uint32
	Incompat     uint32
	ROCompat     uint32
	UUID         [16]byte
	Users        uint32
	DynSuper     uint32
	MaxTrans     uint32
	MaxTransData uint32
	ChecksumType uint8
	_            [3]byte
	FastBlocks   uint32 // at the end, of fast commits
	Head         uint32
	_            [40]uint32
	Checksum     uint32 // crc32c of the structure with zeros here
	UserIDs      [768]byte
}

const (
	journalMagic     = 0xc03b3998
	journalSuperSize = 1024

	journalDescriptor = 1 // types of blocks
	journalCommit     = 2
	journalSuperV1    = 3
	journalSuperV2    = 4
	journalRevoke     = 5

	journalHasRevoke  = 0x1 // incompatible features
	journal64Bit      = 0x2
	journalAsync      = 0x4
	journalSumV2      = 0x8
	journalSumV3      = 0x10
	journalFastCommit = 0x20

	tagEscaped = 0x1 // flags of a tag: the copy's first word, which was journalMagic, is zero
	tagSameID  = 0x2 // no UUID follows
	tagLast    = 0x8
)
