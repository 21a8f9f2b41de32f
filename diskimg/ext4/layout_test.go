package ext4

import (
	"bytes"
	"encoding/binary"
	"testing"
)

func TestLayout(t *testing.T) {
	for _, tt := range []struct {
		name string
		v    any
		size int
	}{
		{"superblock", superblock{}, superblockSize},
		{"group descriptor", groupDesc{}, 64},
		{"inode", inode{}, inodeMinimum},
		{"extent header", extentHeader{}, 12},
		{"extent", extent{}, 12},
		{"extent index", extentIndex{}, 12},
	} {
		if n := binary.Size(tt.v); n != tt.size {
			t.Errorf("%s takes %d bytes, want %d", tt.name, n, tt.size)
		}
	}
}

// TestAppendNode compares what is appended with what encoding/binary makes of the same.
func TestAppendNode(t *testing.T) {
	p := noise(inodeMinimum, 1)
	var n inode
	if _, err := binary.Decode(p, binary.LittleEndian, &n); err != nil {
		t.Fatal(err)
	}
	want, err := binary.Append(nil, binary.LittleEndian, &n)
	if err != nil {
		t.Fatal(err)
	}
	if got := appendNode(nil, &n); !bytes.Equal(got, want) {
		t.Errorf("got\n%x\nwant\n%x", got, want)
	}
}

// Linux: crc32c(~0, "123456789") is the inverse of the check value of CRC-32C.
func TestCRC32C(t *testing.T) {
	if got := crc32c(^uint32(0), []byte("123456789")); got != ^uint32(0xe3069283) {
		t.Errorf("%#x", got)
	}
}
