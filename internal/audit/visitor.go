package audit

import "amiforge/internal/rootfs"

// A visitor is the part of a rule in the walk over all files.
type visitor interface {
	// file is called for everything that has a name, directories and links included, parents first, by one goroutine. It
	// returns what is to be done with the content of a regular file, or nil.
	file(f *rootfs.File) scanner
}

// An ender is a visitor that has something to say after the walk.
type ender interface{ end() }

// visitFunc is a visitor that is a function.
type visitFunc func(f *rootfs.File) scanner

func (v visitFunc) file(f *rootfs.File) scanner { return v(f) }

// A scanner is given the content of one file, piece by piece. The pieces of a file come in order, those of several files
// at once: what scanners share needs a lock. It returns false when it has seen enough.
type scanner func(c *chunk) (more bool)

const (
	// chunkSize is how much is read of a file at a time, so that most files are one chunk.
	chunkSize = 1 << 20

	// overlap is how much of what was seen of a file is in the next chunk again, so that nothing that is shorter than
	// this is cut in two.
	overlap = 16 << 10
)

// A chunk is a piece of a file, or of free space. Its data must not be changed, nor kept.
type chunk struct {
	Data   []byte
	New    int   // from here on the data was not in the chunk before
	Offset int64 // of Data in the file
	Line   int   // that Data begins in, from 1 on
	Last   bool  // it has the end of the file
}

// line returns the line that data[i] is in.
func (c *chunk) line(i int) int { return c.Line + newlines(c.Data[:i]) }

// isRegular tells whether f is a file that has content.
func isRegular(f *rootfs.File) bool { return f.Info.Mode().IsRegular() && f.Info.Size() > 0 }
