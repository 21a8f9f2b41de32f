package diskimg

import "encoding/binary"

// maxGrainRun is how many compressed grains are read from the file at once, at most.
const maxGrainRun = 16

// readCompressed fills the beginning of p from the run of compressed grains that begins at off, and returns how
// much that was.
func (g *grainFile) readCompressed(p []byte, off int64, table []uint32) (int64, error) {
	z, ok := g.readers.Get().(*grainReader)
	if !ok {
		z = &grainReader{grain: make([]byte, g.grain)}
	}
	defer g.readers.Put(z)
	first := int(off % g.coverage / g.grain)
	last := g.runEnd(table, first, off%g.grain+int64(len(p)))
	start := int64(table[first]) * SectorSize
	z.file = resize(z.file, g.grainEnd(table, last)-start)
	if err := readFull(g.r, z.file, start); err != nil {
		return 0, err
	}
	var done int64
	for i := first; i <= last; i++ {
		in := (off + done) % g.grain
		n := min(int64(len(p))-done, g.grain-in)
		at := int64(table[i]) * SectorSize
		data := z.file[at-start : g.grainEnd(table, i)-start]
		if err := g.unpack(z, p[done:done+n], off+done, data, at); err != nil {
			return 0, err
		}
		done += n
	}
	return done, nil
}

// runEnd returns the last of the grains, length bytes from first on, that follow each other in the file closely
// enough to be read together.
func (g *grainFile) runEnd(table []uint32, first int, length int64) int {
	end := min(first+maxGrainRun, int((int64(first)*g.grain+length+g.grain-1)/g.grain))
	last := first
	for last+1 < end && !g.isHole(table[last+1]) && table[last+1] > table[last] &&
		int64(table[last+1]-table[last])*SectorSize <= g.maxPacked() {
		last++
	}
	return last
}

// maxPacked is the most that a compressed grain may take in the file, in bytes. Deflate adds a few bytes to what
// it cannot compress; qemu's limit is the same.
func (g *grainFile) maxPacked() int64 { return 2*g.grain + SectorSize }

// grainEnd returns up to which byte of the file compressed grain i of a table can reach: where the next grain,
// something else, or the file's end comes.
func (g *grainFile) grainEnd(table []uint32, i int) int64 {
	start := int64(table[i])
	end := min(start*SectorSize+g.maxPacked(), g.metadata.next(start)*SectorSize, g.size)
	if i+1 < len(table) && !g.isHole(table[i+1]) && table[i+1] > table[i] {
		end = min(end, int64(table[i+1])*SectorSize)
	}
	return end
}

// unpack fills p with the content from off on, which is in one grain. The grain is at the beginning of data, which
// stands at byte at of the file.
func (g *grainFile) unpack(z *grainReader, p []byte, off int64, data []byte, at int64) error {
	index := off / g.grain
	packed, err := g.packed(data, index, at)
	if err != nil {
		return err
	}
	need := g.grainLength(index)
	out := p
	if int64(len(p)) < g.grain {
		out = z.grain
	}
	n, err := z.inflate(out, packed)
	switch {
	case err != nil:
		return damagedf(VMDK, at+grainHeaderSize, "grain %d: inflate: %w", index, err)
	case int64(n) < need:
		return damagedf(VMDK, at+grainHeaderSize, "grain %d inflates to %d bytes, want %d", index, n, need)
	}
	if int64(len(p)) < g.grain {
		copy(p, out[off%g.grain:n])
	}
	return nil
}

// packed returns the compressed data of the grain that data begins with.
func (g *grainFile) packed(data []byte, index, at int64) ([]byte, error) {
	if len(data) < grainHeaderSize {
		return nil, damagedf(VMDK, at, "grain %d is cut short", index)
	}
	lba, length := binary.LittleEndian.Uint64(data), binary.LittleEndian.Uint32(data[8:])
	if want := uint64(index) * g.head.GrainSize; lba != want {
		return nil, damagedf(VMDK, at, "grain %d is marked as that of sector %d, not %d", index, lba, want)
	}
	if length == 0 || int64(length) > int64(len(data)-grainHeaderSize) {
		return nil, damagedf(VMDK, at+8, "grain %d has %d bytes of compressed data, where there is room for %d",
			index, length, len(data)-grainHeaderSize)
	}
	return data[grainHeaderSize : grainHeaderSize+length], nil
}
