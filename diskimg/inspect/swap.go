package inspect

import (
	"encoding/binary"
	"strings"
)

// A swapHeader is at byte 1024 of swap space, in the order of the machine that made it.
type swapHeader struct {
	Version  uint32
	LastPage uint32
	BadPages uint32
	UUID     [16]byte
	Label    [16]byte
	_        [32]uint32
	Zero     [2]uint32
}

const swapOffset = 1024

// findSwap looks for swap space of pages of 4 to 64 KiB: the mark is at the end of the first page. A machine that
// hibernates puts another mark there.
func findSwap(a *area) *FileSystem {
	hibernated := []string{"S1SUSPEND", "S2SUSPEND", "ULSUSPEND", "LINHIB0001"}
	const magicSize = 10
	for page := int64(4 << 10); page <= 64<<10; page *= 2 {
		magic := string(a.bytes(page-magicSize, magicSize))
		switch magic {
		case "SWAPSPACE2":
			return swapSpace(a, page)
		case "SWAP-SPACE":
			return &FileSystem{Type: "swap", Version: "0", BlockSize: page}
		}
		for _, name := range hibernated {
			if strings.HasPrefix(magic, name) {
				return hibernatedSwap(a, page, name)
			}
		}
	}
	return nil
}

// hibernatedSwap is swap space that keeps a machine's memory. Its version is the mark.
func hibernatedSwap(a *area, page int64, mark string) *FileSystem {
	fs := swapSpace(a, page)
	if fs != nil {
		fs.Type, fs.Version = "swsuspend", strings.ToLower(mark)
	}
	return fs
}

func swapSpace(a *area, page int64) *FileSystem {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		var h swapHeader
		if !a.decode(swapOffset, order, &h) || h.Version != 1 || h.LastPage == 0 {
			continue
		}
		fs := &FileSystem{Type: "swap", Version: "1", Size: product(uint64(h.LastPage)+1, uint64(page)), BlockSize: page}
		if h.Zero == [2]uint32{} { // else it was made before there were labels
			fs.Label, fs.UUID = label(h.Label[:]), uuid(h.UUID)
		}
		return fs
	}
	return nil
}
