package diskimg

import (
	"bytes"
	"context"
	"fmt"
)

// vhdBitmapSize is the length of the bitmap before each block, in bytes: a bit for each of 4096 sectors.
const vhdBitmapSize = vhdBlockSize / SectorSize / 8

// A dynamicVHDEncoder writes those blocks that have data, one behind the other, each whole. Bitmaps say that all
// of a block is there.
type dynamicVHDEncoder struct {
	t      Target
	size   int64
	o      *CreateOptions
	footer *vhdFooter
	bitmap []byte

	bat    vhdBAT   // nil until start
	todo   []uint32 // blocks that the map has and that are not begun
	block  int64    // that is being written, or -1
	filled int64    // bytes of it that are written
	end    int64    // of the file, so far
}

func newDynamicVHD(t Target, size int64, o *CreateOptions) (func(context.Context) encoder, Layout, error) {
	if size > vhdMaxSize {
		return nil, Layout{}, fmt.Errorf("create vhd: %d bytes are more than the 2040 GiB of a dynamic VHD", size)
	}
	planned := planVHD(o.Map)
	layout := Layout{FileSize: -1, Head: vhdHead(size)}
	if o.Map != nil {
		blocks := int64(len(planned)) * (vhdBitmapSize + vhdBlockSize)
		layout = Layout{FileSize: vhdHead(size) + blocks + vhdFooterSize}
	}
	begin := func(context.Context) encoder {
		bitmap := bytes.Repeat([]byte{0xff}, vhdBitmapSize)
		return &dynamicVHDEncoder{t: t, size: size, o: o, bitmap: bitmap, todo: planned, block: -1}
	}
	return begin, layout, nil
}

// unit is that of holes in files: the zeros of a block are not written either.
func (e *dynamicVHDEncoder) unit() int { return pageSize }

func (e *dynamicVHDEncoder) close() {}

func (e *dynamicVHDEncoder) write(p []byte, off int64) error {
	if err := e.start(); err != nil {
		return err
	}
	for len(p) > 0 {
		in := off % vhdBlockSize
		n := min(int64(len(p)), vhdBlockSize-in)
		if err := e.writeBlock(p[:n], off/vhdBlockSize, in); err != nil {
			return err
		}
		p, off = p[n:], off+n
	}
	return nil
}

// start makes the tables and, if there is a map, writes them: they are known then.
func (e *dynamicVHDEncoder) start() (err error) {
	if e.bat != nil {
		return nil
	}
	if e.footer, err = newVHDFooter(e.size, vhdDynamic, e.o); err != nil {
		return err
	}
	e.footer.DataOffset = vhdFooterSize
	e.bat = make(vhdBAT, (e.size+vhdBlockSize-1)/vhdBlockSize)
	for i := range e.bat {
		e.bat[i] = vhdUnused
	}
	e.end = vhdHead(e.size)
	if e.o.Map == nil {
		return nil
	}
	for i, block := range e.todo {
		e.bat[block] = uint32((e.end + int64(i)*(vhdBitmapSize+vhdBlockSize)) / SectorSize)
	}
	return e.writeHead()
}

func (e *dynamicVHDEncoder) writeHead() error {
	_, err := e.t.WriteAt(vhdHeadBytes(e.footer, e.bat), 0)
	return err
}

// writeBlock writes p at in of a block.
func (e *dynamicVHDEncoder) writeBlock(p []byte, block, in int64) error {
	if block != e.block {
		if err := e.reach(block); err != nil {
			return err
		}
	}
	if err := e.fill(in); err != nil {
		return err
	}
	_, err := e.t.WriteAt(p, e.end)
	e.end += int64(len(p))
	e.filled += int64(len(p))
	return err
}

// reach ends the current block and begins another; if there is a map, with those that it has before.
func (e *dynamicVHDEncoder) reach(block int64) error {
	if err := e.writePlanned(block); err != nil {
		return err
	}
	if e.o.Map != nil {
		if len(e.todo) == 0 || int64(e.todo[0]) != block {
			return fmt.Errorf("write vhd: data at byte %d, where the map has none", block*vhdBlockSize)
		}
		e.todo = e.todo[1:]
	}
	return e.begin(block)
}

// writePlanned ends the current block and writes those before end that the map has and that got no data.
func (e *dynamicVHDEncoder) writePlanned(end int64) error {
	for {
		if err := e.fill(vhdBlockSize); err != nil {
			return err
		}
		if len(e.todo) == 0 || int64(e.todo[0]) >= end {
			return nil
		}
		if err := e.begin(int64(e.todo[0])); err != nil {
			return err
		}
		e.todo = e.todo[1:]
	}
}

// begin begins a block at the end of the file.
func (e *dynamicVHDEncoder) begin(block int64) error {
	e.bat[block] = uint32(e.end / SectorSize)
	_, err := e.t.WriteAt(e.bitmap, e.end)
	e.block, e.filled = block, 0
	e.end += vhdBitmapSize
	return err
}

// fill makes the current block zero up to to.
func (e *dynamicVHDEncoder) fill(to int64) error {
	n := to - e.filled
	if e.block < 0 || n <= 0 {
		return nil
	}
	err := e.t.Zero(e.end, n)
	e.end += n
	e.filled = to
	return err
}

func (e *dynamicVHDEncoder) finish() error {
	if err := e.start(); err != nil {
		return err
	}
	if err := e.writePlanned(int64(len(e.bat))); err != nil {
		return err
	}
	if _, err := e.t.WriteAt(e.footer.bytes(), e.end); err != nil || e.o.Map != nil {
		return err
	}
	return e.writeHead()
}
