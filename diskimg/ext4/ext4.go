// Package ext4 reads ext2, ext3 and ext4 file systems and writes ext4, in a file or a part of one, without mounting
// and without root.
//
//	Open    a file system for reading: FS is an io/fs.FS with symbolic links, attributes and extents
//	Create  a new file system: Writer takes one Entry after another, in the order of an archive
//
// What is read is not trusted. The layout is that of the Linux kernel's documentation, "ext4 Data Structures and
// Algorithms" (Documentation/filesystems/ext4), little-endian but for the journal.
package ext4

import (
	"io/fs"
	"time"
)

// An Entry is a file, a directory or whatever else is in a file system, without its content.
type Entry struct {
	// Name is the path from the root, without a slash in front and as io/fs has it: "." is the root itself. Bytes that
	// are not UTF-8 stay as they are.
	Name string

	// Mode has the type, the permissions and fs.ModeSetuid, fs.ModeSetgid and fs.ModeSticky.
	Mode fs.FileMode

	UID, GID uint32

	// Times, to the nanosecond. Those that are zero are ModTime.
	ModTime, AccessTime, ChangeTime, BirthTime time.Time

	Size         int64  // of a regular file, in bytes
	Link         string // where a symbolic link points to
	Major, Minor uint32 // of a device

	Xattrs []Xattr // by name; ACLs are among them, as Linux has them
}

// An Xattr is an extended attribute. Its name has the namespace in front, such as security.capability. The value is that
// of getxattr(2): system.posix_acl_access in version 2 of Linux's form, not in the one that ext4 has on the disk.
type Xattr struct {
	Name  string
	Value []byte
}
