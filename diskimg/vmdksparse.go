package diskimg

import (
	"bytes"
	"io"
	"iter"
	"sync"
)

// Limits of sparse files. They hold memory down and are far from what is found: grains have 64 KiB, tables 512
// entries, and VMware's largest disk has 62 TiB.
const (
	minGrainSize  = 4 << 10 // bytes [Virtual Disk Format 5.0, "Hosted Sparse Extent Header"]
	maxGrainSize  = 2 << 20 // bytes
	minGTEsPerGT  = 128     // a table fills whole sectors
	maxGTEsPerGT  = 4096
	maxDirectory  = 1 << 21   // entries: 64 TiB of disk
	maxTableBatch = 256 << 10 // bytes of tables that are read at a time
)

// A grainFile is a sparse extent: a file of grains, found by a grain directory whose entries point to grain
// tables, whose entries point to grains.
type grainFile struct {
	r    io.ReaderAt
	size int64      // of the file, in bytes
	head vmdkHeader // the footer, if there is one
	at   int64      // where head is, in bytes

	grain      int64 // bytes
	coverage   int64 // bytes of the disk that a grain table stands for
	capacity   int64 // of the disk, or of this part of it, in bytes
	compressed bool
	zeroGrain  bool // an entry of 1 is a grain of zeros
	footer     bool // the tables are at the end, with markers

	directory []uint32 // sectors of the grain tables, 0 where there is none
	redundant []uint32 // of their copies; nil if there are none
	metadata  fileMap
	allocated int64 // bytes of the disk that have data
	grains    int64 // how many

	cache   tableCache
	readers sync.Pool // of *grainReader
}

// readDescriptor reads the embedded descriptor; nil if there is none.
func (g *grainFile) readDescriptor() (*diskDescriptor, error) {
	if g.head.DescriptorOffset == 0 || g.head.DescriptorSize == 0 {
		return nil, nil
	}
	at := int64(g.head.DescriptorOffset) * SectorSize
	text := make([]byte, g.head.DescriptorSize*SectorSize)
	if err := readFull(g.r, text, at); err != nil {
		return nil, err
	}
	text, _, _ = bytes.Cut(text, []byte{0})
	return parseDescriptor(text, at)
}

// limit makes the size what the descriptor says, where that is what the last grain leaves open: VirtualBox rounds
// the one in the header up to whole grains. Else the two must agree.
func (g *grainFile) limit(line extentLine) error {
	if line.size <= g.capacity-g.grain || line.size >= g.capacity+g.grain {
		return damagedf(VMDK, line.at, "the descriptor gives the extent %d bytes, its header %d", line.size, g.capacity)
	}
	g.capacity = min(g.capacity, line.size)
	return nil
}

// tableBytes is the length of a grain table.
func (g *grainFile) tableBytes() int64 { return int64(g.head.NumGTEsPerGT) * 4 }

// isHole tells whether a table's entry stands for zeros.
func (g *grainFile) isHole(entry uint32) bool { return entry == 0 || entry == 1 && g.zeroGrain }

// grainLength returns how many bytes of the disk grain i has: the last one may have less than the others.
func (g *grainFile) grainLength(i int64) int64 { return min(g.grain, g.capacity-i*g.grain) }

// A grainTable is one that was read.
type grainTable struct {
	offset  int64    // in the file, in bytes
	first   int64    // the grain of the disk that the first entry is for
	entries []uint32 // valid until the next table
	beyond  []uint32 // entries for what is behind the end of the disk
}

// tables reads all the tables that a directory points to, which are known to lie in the file.
func (g *grainFile) tables(directory []uint32) iter.Seq2[grainTable, error] {
	return func(yield func(grainTable, error) bool) {
		length := g.tableBytes()
		var raw []byte
		var entries []uint32
		for i := 0; i < len(directory); {
			n := g.adjoining(directory[i:])
			raw = resize(raw, n*length)
			if n > 0 {
				if err := readFull(g.r, raw, int64(directory[i])*SectorSize); err != nil {
					yield(grainTable{}, err)
					return
				}
			}
			for k := range n {
				entries = decodeEntries(entries[:0], raw[k*length:(k+1)*length])
				if !yield(g.newTable(i+int(k), directory[i+int(k)], entries), nil) {
					return
				}
			}
			i += max(1, int(n))
		}
	}
}

// adjoining returns how many tables lie one behind the other from the first entry on: they are read at once.
func (g *grainFile) adjoining(directory []uint32) int64 {
	if directory[0] == 0 {
		return 0
	}
	step := uint32(g.tableBytes() / SectorSize)
	limit := min(len(directory), int(maxTableBatch/g.tableBytes()))
	n := 1
	for n < limit && directory[n] == directory[n-1]+step {
		n++
	}
	return int64(n)
}

func (g *grainFile) newTable(i int, sector uint32, entries []uint32) grainTable {
	first := int64(i) * int64(g.head.NumGTEsPerGT)
	total := (g.capacity + g.grain - 1) / g.grain
	within := min(int64(len(entries)), max(0, total-first))
	return grainTable{int64(sector) * SectorSize, first, entries[:within], entries[within:]}
}

// extents yields the runs of grains that have data.
func (g *grainFile) extents() iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		for t, err := range g.tables(g.directory) {
			if err != nil {
				yield(Extent{}, err)
				return
			}
			for i := 0; i < len(t.entries); i++ {
				if g.isHole(t.entries[i]) {
					continue
				}
				start := (t.first + int64(i)) * g.grain
				for i+1 < len(t.entries) && !g.isHole(t.entries[i+1]) {
					i++
				}
				end := min((t.first+int64(i)+1)*g.grain, g.capacity)
				if !yield(Extent{start, end - start}, nil) {
					return
				}
			}
		}
	}
}
