package ext4

import (
	"fmt"
	"io"
)

// An output gathers writes that adjoin. Its error stays.
type output struct {
	w     io.WriterAt
	limit int64 // in bytes: what lies behind is not written, as Finish will refuse it; 0: none
	at    int64 // of buf, in bytes
	buf   []byte
	err   error
}

func newOutput(w io.WriterAt, limit int64) output {
	return output{w: w, limit: limit, buf: make([]byte, 0, 1<<20)}
}

// put writes whole blocks.
func (o *output) put(block int64, p []byte) {
	off := block * blockSize
	if o.limit > 0 && off+int64(len(p)) > o.limit {
		p = p[:max(0, o.limit-off)]
	}
	if o.at+int64(len(o.buf)) != off || len(o.buf)+len(p) > cap(o.buf) {
		o.flush()
		o.at = off
	}
	o.buf = append(o.buf, p...)
}

func (o *output) flush() {
	if len(o.buf) > 0 && o.err == nil {
		if _, err := o.w.WriteAt(o.buf, o.at); err != nil {
			o.err = fmt.Errorf("ext4: write %d bytes at byte %d: %w", len(o.buf), o.at, err)
		}
	}
	o.buf = o.buf[:0]
}
