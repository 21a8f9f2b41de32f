// Package tree has the trees of files that become a volume, as a stream of items: those of a directory, of an archive
// or of a file system, and what changes them on the way.
//
//	OpenDir      the files of a directory, which may be the root of the running machine
//	OpenArchive  those of a tar archive, plain or compressed
//	FromFS       those of file systems that package ext4 reads
//
//	Exclude       leaves out what is not wanted
//	FilterSecrets leaves out private keys, credentials and histories
//	Overlay       lays the files of a directory over a tree
//	Replace       replaces files by bytes in memory
//
// Nothing is unpacked, mounted or followed: a symbolic link is its target's text. What is read is not trusted, and a
// tree that does not end as it should ends in an error.
package tree

import (
	"io"

	"amiforge/diskimg/ext4"
)

// An Item is a file, a directory or whatever else is in a tree.
type Item struct {
	ext4.Entry

	// HardLink is the name of an item given before that this is another name of, or "".
	HardLink string

	// Content is that of a regular file, Size bytes, and nil for all else. It is valid until the next call of Next. Where
	// holes are known it is a diskimg.Source too, and then read as one: Next first.
	Content io.Reader
}

// A Source gives the items of a tree one after another. Next returns io.EOF at the end and only if the tree is whole.
// Parents come before what is in them where the source knows them; some may never come. A name may come again, as in an
// archive that was added to, and then the later item counts. Close must be called.
type Source interface {
	Next() (*Item, error)
	Close() error
}
