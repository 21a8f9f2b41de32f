package partition

import (
	"bytes"
	"fmt"
	"io"

	"amiforge/diskimg"
)

// Source returns the content of the disk, given that of the partition: Head, src moved by Offset, and Tail. It
// ends with io.EOF only after src has.
func (w *Wrapping) Source(src diskimg.Source) diskimg.Source { return &wrapped{w: w, src: src} }

// A wrapped is the Source of a Wrapping.
type wrapped struct {
	w       *Wrapping
	src     diskimg.Source
	current io.Reader // of the extent
	begun   bool      // Head was told of
	ended   bool      // src has ended, and Tail was told of
}

// Next goes to the next extent.
func (s *wrapped) Next() (diskimg.Extent, error) {
	switch {
	case !s.begun:
		s.begun = true
		s.current = bytes.NewReader(s.w.Head)
		return diskimg.Extent{Offset: 0, Length: s.w.Offset}, nil
	case s.ended:
		return diskimg.Extent{}, io.EOF
	}
	e, err := s.src.Next()
	switch {
	case err == io.EOF:
		return s.end()
	case err != nil:
		return e, err
	case e.End() > s.w.content:
		return e, fmt.Errorf("partition %s: %d bytes at %d are more than the %d of the partition", s.w.Kind, e.Length, e.Offset, s.w.content)
	}
	s.current = s.src
	return diskimg.Extent{Offset: e.Offset + s.w.Offset, Length: e.Length}, nil
}

func (s *wrapped) end() (diskimg.Extent, error) {
	s.ended = true
	if len(s.w.Tail) == 0 {
		return diskimg.Extent{}, io.EOF
	}
	s.current = bytes.NewReader(s.w.Tail)
	return s.w.tail(), nil
}

// Read reads from the current extent and returns io.EOF at its end.
func (s *wrapped) Read(p []byte) (int, error) {
	if s.current == nil {
		return 0, io.EOF
	}
	return s.current.Read(p)
}
