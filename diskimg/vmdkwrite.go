package diskimg

import (
	"errors"
	"fmt"
)

// maxVMDK is the longest disk that is written as VMDK, in bytes: qemu reads no longer grain directory.
const maxVMDK = 1 << 50

// errVMDKTooLong says that no entry of a grain table can point behind what is written.
var errVMDKTooLong = errors.New("write vmdk: the file becomes longer than 2 TiB, which is all that its tables can address")

// checkVMDKSize tells whether a disk of size bytes can be written. An empty one cannot: qemu takes a header
// without capacity for a descriptor's, libvmdk refuses it, and both refuse what qemu makes of 0 bytes.
func checkVMDKSize(size int64) error {
	switch {
	case size == 0:
		return errors.New("create vmdk: a disk of 0 bytes is none that any program reads")
	case size > maxVMDK:
		return fmt.Errorf("create vmdk: %d bytes are more than 1 PiB, the longest disk that others read", size)
	}
	return nil
}

// grainTables returns how many grain tables stand for a disk of size bytes.
func grainTables(size int64) int64 { return (size + vmdkGTCoverage - 1) / vmdkGTCoverage }

// newVMDKHeader returns what the headers of both kinds of file have in common.
func newVMDKHeader(size int64) vmdkHeader {
	return vmdkHeader{
		Magic:            [4]byte([]byte(vmdkMagic)),
		Version:          1,
		Flags:            flagNewlineTest,
		Capacity:         uint64(size / SectorSize),
		GrainSize:        vmdkGrainSize / SectorSize,
		DescriptorOffset: 1,
		DescriptorSize:   vmdkDescriptor,
		NumGTEsPerGT:     vmdkGTEsPerGT,
		NewlineTest:      [4]byte([]byte(vmdkNewlineTest)),
	}
}

// vmdkFront is the length of the header and of the room that is kept for the descriptor, in sectors.
const vmdkFront = 1 + vmdkDescriptor

// newVMDKFront returns the first bytes of the file, in a buffer of an appender's size.
func newVMDKFront(h *vmdkHeader, size int64, o *CreateOptions) ([]byte, error) {
	descriptor, err := describeVMDK(size, o)
	if err != nil {
		return nil, err
	}
	front := make([]byte, vmdkFront*SectorSize, appendBuffer)
	copy(front, h.bytes())
	copy(front[SectorSize:], descriptor)
	return front, nil
}
