package tree

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"amiforge/diskimg"
	"amiforge/internal/sparse"
)

// regular gives a file with its content: read already if it is small.
func (w *walker) regular(dir int, base, name string, st *unix.Stat_t) error {
	var now unix.Stat_t
	fd, err := w.open(dir, base, st, &now, 0)
	if err != nil {
		return w.failed("open", name, err)
	}
	item := newItem(name, &now)
	if item.Xattrs, err = w.xattrs.ofFile(fd); err != nil {
		unix.Close(fd)
		return w.failed("read extended attributes of", name, err)
	}
	w.remember(name, &now)
	switch {
	case w.denied.Count > 0: // nothing is given any more
		return unix.Close(fd)
	case item.Size > smallFile:
		return w.largeFile(fd, item, &now)
	}
	defer unix.Close(fd)
	return w.smallFile(fd, item)
}

// smallFile reads the file into the batch. A byte more than it has would tell that it grew.
func (w *walker) smallFile(fd int, item Item) error {
	size := int(item.Size)
	p, err := w.buffer(size + 1)
	if err != nil {
		return err
	}
	n, err := readFull(fd, p)
	if err != nil {
		return w.failed("read", item.Name, err)
	}
	if n > size {
		w.warn(item.Name, "grew while it was read: the image has what it began with")
	}
	if n < size {
		w.warn(item.Name, fmt.Sprintf("shrank while it was read: the image has %d zeros at its end", size-n))
		clear(p[n:size])
	}
	b := w.batch
	b.content = b.content[:len(b.content)+size]
	b.readers = append(b.readers, smallContent{p[:size:size]})
	item.Content = &b.readers[len(b.readers)-1]
	return w.give(item)
}

// readFull reads until p is full or the file at its end. A file that is shorter than p needs one call only if it says so:
// less than was asked for is the end.
func readFull(fd int, p []byte) (int, error) {
	got := 0
	for got < len(p) {
		n := 0
		err := retry(func() (err error) {
			n, err = unix.Read(fd, p[got:])
			return err
		})
		if err != nil {
			return got, err
		}
		if got += n; n == 0 || got == len(p)-1 {
			break
		}
	}
	return got, nil
}

// largeFile hands over the open file at the end of its batch: one a batch bounds how many are open.
func (w *walker) largeFile(fd int, item Item, st *unix.Stat_t) error {
	path := filepath.Join(w.path, item.Name)
	file := os.NewFile(uintptr(fd), path)
	content := &fileContent{file: file, end: item.Size, size: item.Size, modified: st.Mtim, warn: func(what string) {
		w.opts.Warn(path + " " + what)
	}}
	item.Content = content
	if st.Blocks*512 < item.Size {
		extents, err := sparse.Seek[diskimg.Extent](file, item.Size)
		if err != nil {
			file.Close()
			return w.failed("read", item.Name, underlying(err))
		}
		if extents != nil {
			item.Content = &sparseContent{content, extents}
		}
	}
	w.batch.large = content
	before := w.batch
	if err := w.give(item); err != nil || w.batch != before {
		return err
	}
	return w.flush()
}

// A fileContent is the content of an open file, of the size that it had when it was opened.
type fileContent struct {
	file     *os.File
	off, end int64 // of what is read
	size     int64
	modified unix.Timespec
	warn     func(string)
	warned   bool
}

func (c *fileContent) Read(p []byte) (int, error) {
	if c.off >= c.end {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), c.end-c.off)]
	n, err := c.file.ReadAt(p, c.off)
	if err == io.EOF {
		err = nil
		c.changed(fmt.Sprintf("shrank while it was read: the image has zeros from byte %d", c.off+int64(n)))
		clear(p[n:])
		n = len(p)
	}
	c.off += int64(n)
	if c.off == c.size {
		c.check()
	}
	return n, err
}

// check looks whether the file is as it was when it was opened.
func (c *fileContent) check() {
	info, err := c.file.Stat()
	if err == nil && (info.Size() != c.size || info.ModTime().UnixNano() != unix.TimespecToNsec(c.modified)) {
		c.changed("changed while it was read")
	}
}

func (c *fileContent) changed(how string) {
	if !c.warned {
		c.warned = true
		c.warn(how)
	}
}

// A sparseContent is that of a file with holes: a diskimg.Source.
type sparseContent struct {
	*fileContent
	extents []diskimg.Extent
}

func (c *sparseContent) Next() (diskimg.Extent, error) {
	if len(c.extents) == 0 {
		return diskimg.Extent{}, io.EOF
	}
	e := c.extents[0]
	c.extents, c.off, c.end = c.extents[1:], e.Offset, e.End()
	return e, nil
}
