package ext4

import (
	"fmt"
	"io"
)

// content returns a reader of what n has.
func (n *node) content() (io.ReaderAt, error) {
	switch {
	case n.has(inodeEncrypt):
		return nil, fmt.Errorf("inode %d: %w", n.number, errEncrypted())
	case n.has(inodeInlineData):
		b, err := n.inlineData()
		if err != nil {
			return nil, fmt.Errorf("inode %d: %w", n.number, err)
		}
		return inlineContent(b), nil
	}
	return &blockContent{mapping{n: n}}, nil
}

// An inlineContent is the content of a file that lies in its inode.
type inlineContent []byte

func (c inlineContent) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	if off < int64(len(c)) {
		n = copy(p, c[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// A blockContent is the content of a file that lies in blocks.
type blockContent struct{ mapping }

func (c *blockContent) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for left := c.n.size - off; done < len(p) && left > 0; {
		n, err := c.readSome(p[done:][:min(int64(len(p)-done), left)], off)
		if err != nil {
			return done, err
		}
		done, off, left = done+n, off+int64(n), left-int64(n)
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// readSome reads as much of p as lies together on the disk.
func (c *blockContent) readSome(p []byte, off int64) (int, error) {
	size := c.n.where.blockSize
	run, err := c.at(off / size)
	if err != nil {
		return 0, err
	}
	in := off % size
	if int64(len(p)) > run.n*size-in {
		p = p[:run.n*size-in]
	}
	if run.place == 0 || run.unwritten {
		clear(p)
		return len(p), nil
	}
	if err := readFull(c.n.where.r, p, run.place*size+in); err != nil {
		return 0, fmt.Errorf("inode %d: %w", c.n.number, err)
	}
	return len(p), nil
}
