package ext4

import (
	"errors"
	"io"

	"amiforge/diskimg"
)

// A Content is the content of a regular file as a diskimg.Source: its extents of data, without the holes. It need not
// be closed.
type Content struct {
	name    string
	r       io.ReaderAt
	walk    *mapWalk // nil where the content lies in the inode
	size    int64
	pending *diskimg.Extent // that was found behind the current one
	current diskimg.Extent  // what is left of it
	inline  bool            // it was told of
}

var _ diskimg.Source = (*Content)(nil)

// Content returns the content of the regular file name, which is no symbolic link.
func (f *FS) Content(name string) (*Content, error) {
	n, err := f.walkRegular(name)
	if err != nil {
		return nil, pathError("read", name, err)
	}
	c := &Content{name: name, size: n.size}
	if c.r, err = n.content(); err != nil {
		return nil, pathError("read", name, err)
	}
	if !n.has(inodeInlineData) {
		c.walk = n.walkBlocks()
	}
	return c, nil
}

func (f *FS) walkRegular(name string) (*node, error) {
	n, err := f.walk(name, false)
	if err == nil && n.kind() != typeRegular {
		return nil, errors.New("is not a regular file")
	}
	return n, err
}

// Next goes to the next extent, and returns io.EOF behind the last one. Extents do not adjoin.
func (c *Content) Next() (diskimg.Extent, error) {
	e, err := c.next()
	c.current = e
	if err != nil && err != io.EOF {
		err = pathError("read", c.name, err)
	}
	return e, err
}

func (c *Content) next() (diskimg.Extent, error) {
	if c.walk == nil {
		if c.inline || c.size == 0 {
			return diskimg.Extent{}, io.EOF
		}
		c.inline = true
		return diskimg.Extent{Length: c.size}, nil
	}
	e, err := c.take()
	if err != nil {
		return e, err
	}
	for {
		more, err := c.take()
		if err == io.EOF {
			return e, nil
		}
		if err != nil {
			return diskimg.Extent{}, err
		}
		if more.Offset != e.End() {
			c.pending = &more
			return e, nil
		}
		e.Length += more.Length
	}
}

// take takes the next run that has data.
func (c *Content) take() (diskimg.Extent, error) {
	if e := c.pending; e != nil {
		c.pending = nil
		return *e, nil
	}
	size := c.walk.m.n.where.blockSize
	for {
		r, ok, err := c.walk.run((c.size + size - 1) / size)
		if err != nil {
			return diskimg.Extent{}, err
		}
		if !ok {
			return diskimg.Extent{}, io.EOF
		}
		if !r.unwritten {
			return diskimg.Extent{Offset: r.block * size, Length: min(r.end()*size, c.size) - r.block*size}, nil
		}
	}
}

// Read reads from the current extent and returns io.EOF at its end.
func (c *Content) Read(p []byte) (int, error) {
	if c.current.Length == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), c.current.Length)]
	n, err := c.r.ReadAt(p, c.current.Offset)
	c.current.Offset += int64(n)
	c.current.Length -= int64(n)
	if err == io.EOF && n == len(p) {
		err = nil
	}
	if err != nil {
		err = pathError("read", c.name, err)
	}
	return n, err
}
