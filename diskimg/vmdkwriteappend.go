package diskimg

const (
	// appendBuffer is the least that an appender writes at once, but for the end and what holes cut off, in
	// bytes.
	appendBuffer = 64 << 10

	// appendHole is the shortest run of zeros that an appender leaves to Target.Zero, in bytes.
	appendHole = 16 << 10
)

// An appender writes a VMDK, or a part of one, in ascending order, small pieces together. Big pieces are not
// copied. It holds 64 KiB. After an error it writes nothing more.
type appender struct {
	t   Target
	end int64  // of what t has
	buf []byte // stands there
	err error  // the first, sticky
}

// offset returns where the next byte goes.
func (a *appender) offset() int64 { return a.end + int64(len(a.buf)) }

// write writes p, which is the appender's only until it returns.
func (a *appender) write(p []byte) error {
	if int64(len(p)) > maxVMDKExtent-a.offset() {
		return a.fail(errVMDKTooLong)
	}
	if len(a.buf)+len(p) > appendBuffer {
		a.flush()
	}
	if len(p) >= appendBuffer {
		return a.writeAt(p)
	}
	if a.buf == nil {
		a.buf = make([]byte, 0, appendBuffer)
	}
	a.buf = append(a.buf, p...)
	return a.err
}

// zeroTo writes zeros up to the offset off.
func (a *appender) zeroTo(off int64) error {
	n := off - a.offset()
	switch {
	case n == 0 || a.err != nil:
		return a.err
	case n < appendHole:
		return a.write(make([]byte, n))
	case off > maxVMDKExtent:
		return a.fail(errVMDKTooLong)
	}
	if err := a.flush(); err != nil {
		return err
	}
	a.end = off
	return a.fail(a.t.Zero(off-n, n))
}

// flush writes what is held.
func (a *appender) flush() error {
	if len(a.buf) == 0 {
		return a.err
	}
	p := a.buf
	a.buf = a.buf[:0]
	return a.writeAt(p)
}

func (a *appender) writeAt(p []byte) error {
	if a.err != nil {
		return a.err
	}
	_, err := a.t.WriteAt(p, a.end)
	a.end += int64(len(p))
	return a.fail(err)
}

func (a *appender) fail(err error) error {
	if a.err == nil {
		a.err = err
	}
	return a.err
}
