package inspect

import (
	"encoding/binary"
	"strconv"
)

// A member of a ZFS pool begins with a label of 256 KiB: at 16 KiB a list of names and values in XDR, at 128 KiB
// the überblocks [ZFS On-Disk Specification, chapter 1].
const (
	zfsMinimum    = 64 << 20 // bytes
	zfsList       = 16 << 10
	zfsListLength = 4 << 10 // what is looked at
	zfsBlocks     = 128 << 10
	zfsBlockSize  = 1 << 10
	zfsMagic      = 0x00bab10c

	nvUint64 = 8 // types of values
	nvString = 9
)

func findZFS(a *area) *FileSystem {
	if a.size < zfsMinimum || !a.has(zfsList, "\x01") {
		return nil
	}
	version, ok := zfsVersion(a)
	if !ok {
		return nil
	}
	fs := &FileSystem{Type: "zfs_member", Version: version}
	fs.readList(a.bytes(zfsList, zfsListLength))
	return fs
}

// zfsVersion returns what the last überblock says, and whether there are as many as blkid wants: four.
func zfsVersion(a *area) (version string, ok bool) {
	ring := a.bytes(zfsBlocks, 128*zfsBlockSize)
	found := 0
	for ; len(ring) >= zfsBlockSize; ring = ring[zfsBlockSize:] {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			if order.Uint64(ring) == zfsMagic {
				version = strconv.FormatUint(order.Uint64(ring[8:]), 10)
				found++
			}
		}
	}
	return version, found >= 4
}

// readList takes the pool's name and GUID out of the list: each pair has its length, the decoded one's length, the
// name with its length, a type, a count and the value. Names are padded to four bytes.
func (fs *FileSystem) readList(list []byte) {
	const header, pairHeader = 12, 12
	be := binary.BigEndian
	if len(list) < header {
		return
	}
	for list = list[header:]; len(list) >= pairHeader; {
		size, name := int64(be.Uint32(list)), int64(be.Uint32(list[8:]))
		padded := (name + 3) &^ 3
		if size > int64(len(list)) || size < pairHeader+padded+12 {
			return
		}
		value := list[pairHeader+padded : size]
		kind := be.Uint32(value)
		switch string(list[pairHeader:][:name]) {
		case "name":
			if n := int64(be.Uint32(value[8:])); kind == nvString && n <= int64(len(value)-12) {
				fs.Label = label(value[12:][:n])
			}
		case "pool_guid":
			if kind == nvUint64 && len(value) >= 16 {
				fs.UUID = strconv.FormatUint(be.Uint64(value[8:]), 10)
			}
		}
		list = list[size:]
	}
}
