package main

import (
	"bytes"
	"errors"
	"io"
	"os"

	"amiforge/diskimg"
	"amiforge/internal/cli"
)

// lengthOf returns how many bytes a file has from where it stands, or 0 for what is no file, such as a pipe.
func lengthOf(r io.Reader) int64 {
	f, ok := r.(*os.File)
	if !ok {
		return 0
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0
	}
	return max(info.Size()-at, 0)
}

// stdin returns standard input, with a warning of what does not look as if it were meant to be bundled as it is.
func (o *options) stdin(e *cli.Env) io.Reader {
	if o.sourceFormat == string(diskimg.RAW) {
		return e.Stdin
	}
	return &headReader{Reader: e.Stdin, show: func(head []byte) { warnOfDisk(e, head) }}
}

// warnOfDisk warns of a stream that begins like a disk image of another format. What is no disk at all, such as a
// compressed kernel, is as it should be.
func warnOfDisk(e *cli.Env, head []byte) {
	format, err := diskimg.Detect(bytes.NewReader(head), int64(len(head)))
	switch {
	case errors.Is(err, diskimg.ErrNotDisk):
	case err != nil:
		e.Warnf("standard input is bundled as it is: %v", err)
	case format != diskimg.RAW:
		e.Warnf("standard input is a %s file, and is bundled as it is: give its name to bundle the disk in it", format)
	}
}

// headSize is how much of a stream is looked at, in bytes: up to the header of a dynamic VHD.
const headSize = 1024

// A headReader shows the beginning of what is read, as it passes.
type headReader struct {
	io.Reader
	head []byte
	show func(head []byte) // nil when it was called
}

func (h *headReader) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if h.show == nil {
		return n, err
	}
	h.head = append(h.head, p[:min(n, headSize-len(h.head))]...)
	if len(h.head) == headSize || err != nil {
		h.show(h.head)
		h.show = nil
	}
	return n, err
}
