package diskimg

import (
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/zlib"
)

// deflateStep is how much of a grain is given to the compressor at a time, in bytes, from level 5 on. Each step
// becomes a deflate block with codes of its own, ended by a sync flush: 0.8 % fewer bytes for 5 % more time.
// Without, level 6 is 5 % behind zlib's on programs and libraries, with it 4 %. Lower levels are for speed.
const deflateStep = 16 << 10

// maxCompressedGrain bounds what a grain becomes, in bytes: deflate stores what does not compress, which costs
// 5 bytes a block, and a sync flush as many; its header and the padding come on top.
const maxCompressedGrain = vmdkGrainSize + 2*SectorSize

// A grainDeflater compresses grains, one after another, with the memory of one compressor, about 1 MiB.
type grainDeflater struct {
	z    *zlib.Writer
	step int
	out  []byte
}

func newGrainDeflater(level int) (*grainDeflater, error) {
	z, err := zlib.NewWriterLevel(io.Discard, level)
	d := &grainDeflater{z: z, step: vmdkGrainSize}
	if level >= 5 {
		d.step = deflateStep
	}
	return d, err
}

// Write takes what the compressor makes.
func (d *grainDeflater) Write(p []byte) (int, error) {
	d.out = append(d.out, p...)
	return len(p), nil
}

// appendGrain appends the grain data that begins at the sector lba of the disk, as it stands in a file: header,
// zlib stream, zeros up to the next sector. What it appends depends on nothing but the data and the level.
func (d *grainDeflater) appendGrain(out, data []byte, lba int64) ([]byte, error) {
	start := len(out)
	d.out = append(out, make([]byte, grainHeaderSize)...)
	err := d.deflate(data)
	out, d.out = d.out, nil
	if err != nil {
		return out, err
	}
	binary.LittleEndian.PutUint64(out[start:], uint64(lba))
	binary.LittleEndian.PutUint32(out[start+8:], uint32(len(out)-start-grainHeaderSize))
	return append(out, make([]byte, -(len(out)-start)&(SectorSize-1))...), nil
}

func (d *grainDeflater) deflate(data []byte) error {
	d.z.Reset(d)
	for len(data) > d.step {
		if _, err := d.z.Write(data[:d.step]); err != nil {
			return err
		}
		if err := d.z.Flush(); err != nil {
			return err
		}
		data = data[d.step:]
	}
	if _, err := d.z.Write(data); err != nil {
		return err
	}
	return d.z.Close()
}
