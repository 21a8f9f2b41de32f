package diskimg

import (
	"context"
	"fmt"
)

// A sparseEncoder writes a monolithicSparse VMDK: header, descriptor, the tables twice, then the grains that
// have data, in the order of the disk. The tables come last, unless o.Map says which grains there will be.
// It holds a grain and a bit for every grain in those 32 MiB that have data: see grainMap.
type sparseEncoder struct {
	t      Target
	layout sparseLayout
	grains grainMap
	mapped bool   // the grains are known: by o.Map
	front  []byte // header and descriptor

	out  appender // of the grains; of everything if they are known
	cur  int64    // the grain that is gathered, or -1
	data []byte   // of it
}

func newSparseVMDK(t Target, size int64, o *CreateOptions) (func(context.Context) encoder, Layout, error) {
	if err := checkVMDKSize(size); err != nil {
		return nil, Layout{}, err
	}
	s := newSparseLayout(size)
	file := Layout{FileSize: -1, Head: s.overHead}
	grains, err := mappedGrains(o.Map)
	if err != nil {
		return nil, Layout{}, err
	}
	if o.Map != nil {
		file = Layout{FileSize: s.overHead + grains.count*vmdkGrainSize}
	}
	if file.FileSize > maxVMDKExtent {
		return nil, Layout{}, errVMDKTooLong
	}
	return func(context.Context) encoder { return newSparseEncoder(t, s, grains, o) }, file, nil
}

func newSparseEncoder(t Target, s sparseLayout, grains grainMap, o *CreateOptions) *sparseEncoder {
	h := s.header()
	front, err := newVMDKFront(&h, s.size, o)
	e := &sparseEncoder{t: t, layout: s, grains: grains, mapped: o.Map != nil, front: front, cur: -1}
	e.out = appender{t: t, end: s.overHead, err: err}
	if e.mapped {
		e.out.end = 0
	}
	return e
}

func (e *sparseEncoder) unit() int { return vmdkGrainSize }

func (e *sparseEncoder) write(p []byte, off int64) error {
	for len(p) > 0 {
		n, err := e.writeSome(p, off)
		if err != nil {
			return err
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// writeSome writes the whole grains that p begins with, or else gathers what it has of one grain.
func (e *sparseEncoder) writeSome(p []byte, off int64) (n int, err error) {
	grain, at := off/vmdkGrainSize, off%vmdkGrainSize
	if grain != e.cur {
		if err := e.endGrain(); err != nil {
			return 0, err
		}
	}
	if at == 0 && len(p) >= vmdkGrainSize {
		n := len(p) - len(p)%vmdkGrainSize
		return n, e.writeGrains(p[:n], grain)
	}
	if grain != e.cur {
		e.begin(grain)
	}
	return copy(e.data[at:], p), nil
}

// begin makes a grain of zeros the one that is gathered.
func (e *sparseEncoder) begin(grain int64) {
	if e.data == nil {
		e.data = make([]byte, vmdkGrainSize)
	}
	clear(e.data)
	e.cur = grain
}

// endGrain writes the grain that was gathered. The last of the disk is as long as the others.
func (e *sparseEncoder) endGrain() error {
	if e.cur < 0 {
		return nil
	}
	grain := e.cur
	e.cur = -1
	return e.writeGrains(e.data, grain)
}

// writeGrains writes whole grains, of which the first is given.
func (e *sparseEncoder) writeGrains(p []byte, first int64) error {
	n := int64(len(p)) / vmdkGrainSize
	if !e.mapped {
		e.grains.add(first, n)
		return e.out.write(p)
	}
	place, ok := e.grains.place(first, n)
	if !ok {
		return fmt.Errorf("write vmdk: data at byte %d, where the map has none", first*vmdkGrainSize)
	}
	if err := e.writeFront(); err != nil {
		return err
	}
	if err := e.out.zeroTo(e.layout.overHead + place*vmdkGrainSize); err != nil {
		return err
	}
	return e.out.write(p)
}

// writeFront writes all that is before the first grain, once, where it is known.
func (e *sparseEncoder) writeFront() error {
	if e.out.offset() > 0 {
		return e.out.err
	}
	if err := e.out.write(e.front); err != nil {
		return err
	}
	return e.layout.writeTables(&e.out, &e.grains)
}

func (e *sparseEncoder) finish() error {
	if err := e.endGrain(); err != nil {
		return err
	}
	if !e.mapped {
		return e.finishHead()
	}
	if err := e.writeFront(); err != nil {
		return err
	}
	if err := e.out.zeroTo(e.layout.overHead + e.grains.count*vmdkGrainSize); err != nil {
		return err
	}
	return e.out.flush()
}

// finishHead writes the tables and then the header, which makes the file a VMDK.
func (e *sparseEncoder) finishHead() error {
	if err := e.out.flush(); err != nil {
		return err
	}
	head := appender{t: e.t, end: vmdkFront * SectorSize}
	if err := e.layout.writeTables(&head, &e.grains); err != nil {
		return err
	}
	if err := head.flush(); err != nil {
		return err
	}
	_, err := e.t.WriteAt(e.front, 0)
	return err
}

func (e *sparseEncoder) close() {}
