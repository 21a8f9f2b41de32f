package diskimg

// readAt fills p with the content from off on. Grains that adjoin in the file, or are compressed one behind the
// other, are read together.
func (g *grainFile) readAt(p []byte, off int64) error {
	for len(p) > 0 {
		i := off / g.coverage
		table, err := g.table(int(i))
		if err != nil {
			return err
		}
		n := min(int64(len(p)), (i+1)*g.coverage-off)
		if err := g.readTable(p[:n], off, table); err != nil {
			return err
		}
		p, off = p[n:], off+n
	}
	return nil
}

// readTable fills p, all of which table, nil for zeros, stands for.
func (g *grainFile) readTable(p []byte, off int64, table []uint32) error {
	if table == nil {
		clear(p)
		return nil
	}
	for len(p) > 0 {
		first := int(off % g.coverage / g.grain)
		in := off % g.grain
		n := min(int64(len(p)), g.grain-in)
		var err error
		switch {
		case g.isHole(table[first]):
			clear(p[:n])
		case g.compressed:
			n, err = g.readCompressed(p, off, table)
		default:
			n = g.adjoiningGrains(table, first, in, int64(len(p)))
			err = readFull(g.r, p[:n], int64(table[first])*SectorSize+in)
		}
		if err != nil {
			return err
		}
		p, off = p[n:], off+n
	}
	return nil
}

// adjoiningGrains returns how many of the length bytes from byte in of grain first on lie together in the file.
func (g *grainFile) adjoiningGrains(table []uint32, first int, in, length int64) int64 {
	step := uint32(g.head.GrainSize)
	n := min(length, g.grain-in)
	for i := first; n < length && !g.isHole(table[i+1]) && table[i+1] == table[i]+step; i++ {
		n = min(length, n+g.grain)
	}
	return n
}
