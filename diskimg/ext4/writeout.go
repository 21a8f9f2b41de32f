package ext4

import (
	"fmt"
	"io"
)

// An output gathers writes that adjoin, and writes them while the next are gathered, one at a time. Its error stays.
type output struct {
	w     io.WriterAt
	limit int64 // in bytes: what lies behind is not written, as Finish will refuse it; 0: none
	at    int64 // of buf, in bytes
	buf   []byte
	spare []byte     // that is written, or will be buf again
	busy  chan error // of the write that goes on, or nil
	err   error
}

const outputSize = 1 << 20

func newOutput(w io.WriterAt, limit int64) output {
	return output{w: w, limit: limit, buf: make([]byte, 0, outputSize), spare: make([]byte, 0, outputSize)}
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

// flush begins to write what was gathered.
func (o *output) flush() {
	if len(o.buf) == 0 {
		return
	}
	o.wait()
	full, at := o.buf, o.at
	o.buf, o.spare = o.spare[:0], full
	if o.err != nil {
		return
	}
	o.busy = make(chan error, 1)
	go func(busy chan<- error) {
		_, err := o.w.WriteAt(full, at)
		if err != nil {
			err = fmt.Errorf("ext4: write %d bytes at byte %d: %w", len(full), at, err)
		}
		busy <- err
	}(o.busy)
}

// wait returns when nothing is written any more.
func (o *output) wait() {
	if o.busy == nil {
		return
	}
	if err := <-o.busy; o.err == nil {
		o.err = err
	}
	o.busy = nil
}
