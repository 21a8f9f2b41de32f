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
func (r *reader) regular(e *entry) {
	var st unix.Stat_t
	fd, err := e.open(&st, 0)
	switch {
	case err != nil:
		r.unopened(e, err)
	case r.isMounted(e, &st):
		unix.Close(fd)
		r.warnElsewhere(e.name)
	default:
		r.opened(fd, newItem(e.name, &st), &st)
	}
}

// unopened says why a file was not opened. What is on another file system need not be.
func (r *reader) unopened(e *entry, err error) {
	var st unix.Stat_t
	if r.opts.OneFileSystem && e.stat(&st) == nil && r.isMounted(e, &st) {
		r.warnElsewhere(e.name)
		return
	}
	r.failed("open", e.name, err)
}

// opened reads the open file, or hands it over. Another name of a file that was read needs neither.
func (r *reader) opened(fd int, item Item, st *unix.Stat_t) {
	var err error
	if item.Xattrs, err = r.xattrs.ofFile(fd); err != nil {
		unix.Close(fd)
		r.failed("read extended attributes of", item.Name, err)
		return
	}
	known := r.isKnown(st)
	if item.Size > smallFile && !known {
		r.largeFile(fd, item, st)
		return
	}
	defer unix.Close(fd)
	if known || r.smallFile(fd, &item) {
		r.giveFile(item, st)
	}
}

// isKnown tells whether the content of the file is not needed.
func (r *reader) isKnown(st *unix.Stat_t) bool {
	return r.isDenied.Load() || st.Nlink > 1 && r.links.isBefore(inodeOf(st), r.turn)
}

// smallFile reads the file into the parcel. A byte more than it has would tell that it grew.
func (r *reader) smallFile(fd int, item *Item) bool {
	size := int(item.Size)
	p := r.buffer(size + 1)
	n, err := readFull(fd, p)
	if err != nil {
		r.failed("read", item.Name, err)
		return false
	}
	if n > size {
		r.warn(item.Name, "grew while it was read: the image has what it began with")
	}
	if n < size {
		r.warn(item.Name, fmt.Sprintf("shrank while it was read: the image has %d zeros at its end", size-n))
		clear(p[n:size])
	}
	to := r.parcel
	to.content = to.content[:len(to.content)+size]
	to.readers = append(to.readers, smallContent{p[:size:size]})
	item.Content = &to.readers[len(to.readers)-1]
	return true
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

// largeFile hands over the open file at the end of its parcel: one a parcel bounds how many are open.
func (r *reader) largeFile(fd int, item Item, st *unix.Stat_t) {
	path := filepath.Join(r.path, item.Name)
	file := os.NewFile(uintptr(fd), path)
	content := &fileContent{file: file, end: item.Size, size: item.Size, modified: st.Mtim, warn: func(what string) {
		r.opts.Warn(path + " " + what)
	}}
	item.Content = content
	if st.Blocks*512 < item.Size {
		extents, err := sparse.Seek[diskimg.Extent](file, item.Size)
		if err != nil {
			file.Close()
			r.failed("read", item.Name, underlying(err))
			return
		}
		if extents != nil {
			item.Content = &sparseContent{content, extents}
		}
	}
	r.parcel.large = content
	r.giveFile(item, st)
	r.flush()
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
