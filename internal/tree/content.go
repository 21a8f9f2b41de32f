package tree

import (
	"io"

	"amiforge/diskimg"
)

// ReadContent reads the content of a regular file, Size bytes with zeros in the holes.
func ReadContent(item *Item) ([]byte, error) {
	p := make([]byte, item.Size)
	return p, readContent(item, p)
}

// readContent reads the content of an item into p, which has its size and may have anything in it.
func readContent(item *Item, p []byte) error {
	src, ok := item.Content.(diskimg.Source)
	if !ok {
		_, err := io.ReadFull(item.Content, p)
		return noEOF(err)
	}
	clear(p)
	for {
		e, err := src.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := io.ReadFull(src, p[e.Offset:e.End()]); err != nil {
			return noEOF(err)
		}
	}
}

// noEOF makes the end of what is read where more must come an error.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
