package diskimg

import "context"

// pageSize is the unit of holes in files that hold a disk as it is, in bytes: no file system has smaller ones.
const pageSize = 4096

// A flatEncoder writes a disk as it is, with tail, if there is one, behind it.
type flatEncoder struct {
	t    Target
	size int64
	end  int64 // of what was written
	tail []byte
}

func newRawEncoder(t Target, size int64) (func(context.Context) encoder, Layout, error) {
	return func(context.Context) encoder { return &flatEncoder{t: t, size: size} }, Layout{FileSize: size}, nil
}

func (e *flatEncoder) unit() int { return pageSize }

func (e *flatEncoder) write(p []byte, off int64) error {
	if err := e.zeroTo(off); err != nil {
		return err
	}
	_, err := e.t.WriteAt(p, off)
	e.end = off + int64(len(p))
	return err
}

func (e *flatEncoder) zeroTo(off int64) error {
	if off == e.end {
		return nil
	}
	return e.t.Zero(e.end, off-e.end)
}

func (e *flatEncoder) finish() error {
	if err := e.zeroTo(e.size); err != nil || len(e.tail) == 0 {
		return err
	}
	_, err := e.t.WriteAt(e.tail, e.size)
	return err
}

func (e *flatEncoder) close() {}
