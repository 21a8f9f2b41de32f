package export

import (
	"fmt"
	"io"
	"strconv"

	"github.com/dustin/go-humanize"

	"amiforge/diskimg"
	"amiforge/diskimg/partition"
)

// A Shape says in what a disk differs from the content that it is made of. The zero Shape leaves it as it is.
type Shape struct {
	Partition string // mbr or gpt: the content, a bare file system, becomes the disk's one partition
	Size      int64  // of the disk, in bytes; 0 leaves it
	Grow      int64  // bytes to add
	Align     int64  // the size becomes a multiple of it, in bytes

	Rand io.Reader         // for the GUIDs of a partition table; crypto/rand if nil
	Warn func(text string) // is told of what may not be meant so; may be nil
}

// Apply returns the content of the shaped disk, and what was done, for the user. A disk only ever grows, and what
// is added is zero; file systems do not grow with it, but a partition that Apply makes does.
func (s *Shape) Apply(c Content) (shaped Content, done []string, err error) {
	shaped = c
	if s.Partition != "" {
		if err = s.checkBare(c); err == nil {
			shaped, err = s.partition(c, c.Size())
		}
		if err != nil {
			return nil, nil, err
		}
		done = append(done, fmt.Sprintf("partition 1 of the disk (%s) holds the image", s.Partition))
	}
	size, said, err := s.size(shaped.Size())
	if err != nil || size == shaped.Size() {
		return shaped, done, err
	}
	done = append(done, said...)
	if s.Partition == "" {
		return grown{c, size}, append(done, secondTable(c)...), nil
	}
	shaped, err = s.partition(c, c.Size()+size-shaped.Size())
	return shaped, done, err
}

// secondTable says, of a disk file with a GPT that grows, what has to be done about it. (Of a bundle that is not known
// before it is read.)
func secondTable(c Content) []string {
	f, ok := c.(*File)
	if !ok {
		return nil
	}
	table, err := partition.Read(f.disk, f.Size())
	if err != nil || table == nil || table.Kind != partition.GPT {
		return nil // what cannot be read is found when it is copied
	}
	return []string{"the second table of its GPT stays where it was; sgdisk -e moves it to the new end"}
}

// size returns the size of a disk that has so many bytes before, and what there is to say about it.
func (s *Shape) size(before int64) (size int64, said []string, err error) {
	size = max(before, s.Size)
	switch {
	case s.Size > 0 && s.Size < before:
		return 0, nil, fmt.Errorf("resize to %s: the disk has %s, and a disk is never made smaller", inBytes(s.Size), inBytes(before))
	case s.Grow > diskimg.MaxSize-size || s.Align > diskimg.MaxSize-size:
		return 0, nil, fmt.Errorf("resize: a disk has at most %s", inBytes(diskimg.MaxSize))
	}
	if size += s.Grow; size > before {
		said = append(said, fmt.Sprintf("the disk grows from %s to %s; its file systems do not", inBytes(before), inBytes(size)))
	}
	if rest := size % max(s.Align, 1); rest != 0 {
		size += s.Align - rest
		said = append(said, fmt.Sprintf("the disk is padded with %d zero bytes to %s, a multiple of %s", s.Align-rest, inBytes(size), unit(s.Align)))
	}
	if s.Partition == "" || size%mib == 0 {
		return size, said, nil
	}
	size += mib - size%mib
	if size%max(s.Align, 1) != 0 {
		return 0, nil, fmt.Errorf("a disk with a partition table has whole MiB: they are no multiple of %d bytes", s.Align)
	}
	return size, append(said, fmt.Sprintf("the disk has whole MiB, for its partition table: %s", inBytes(size))), nil
}

// unit returns n bytes as they are best read.
func unit(n int64) string {
	if n%(1<<20) == 0 {
		return strconv.FormatInt(n>>20, 10) + " MiB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

// inBytes returns n for people and for programs.
func inBytes(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " bytes"
	}
	return fmt.Sprintf("%s (%d bytes)", humanize.IBytes(uint64(n)), n)
}

// grown is a content with zeros behind it.
type grown struct {
	Content
	size int64
}

func (g grown) Size() int64 { return g.size }
