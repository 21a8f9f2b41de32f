package tree

import (
	"context"
	"errors"
	"io"

	"amiforge/diskimg/ext4"
)

var errStub = errors.ErrUnsupported

// DirOptions say how OpenDir walks. Nil means the defaults.
type DirOptions struct {
	// OneFileSystem leaves out what is on other file systems than path. Mount points stay, as empty directories.
	OneFileSystem bool

	// Skip tells of an item that it is left out; a directory stays and is empty. Nil skips nothing. Selection.Skip is one.
	Skip func(name string, dir bool) bool

	// Warn is told of what vanished or changed while it was read, and of what is left out. Nil ignores it.
	Warn func(message string)
}

// OpenDir walks the directory path.
func OpenDir(ctx context.Context, path string, opts *DirOptions) (Source, error) { return nil, errStub }

// ArchiveOptions say how OpenArchive reads. Nil means the defaults.
type ArchiveOptions struct {
	// Warn is told of what in the archive is not understood and left out. Nil ignores it.
	Warn func(message string)
}

// OpenArchive reads the tar archive r, plain or compressed, that errors call name.
func OpenArchive(ctx context.Context, r io.Reader, name string, opts *ArchiveOptions) (Source, error) {
	return nil, errStub
}

// A Selection tells what of a tree is wanted.
type Selection struct{}

// NewSelection parses patterns.
func NewSelection(exclude, include []string) (*Selection, error) { return nil, errStub }

// Wants tells whether the item called name stays in the tree.
func (s *Selection) Wants(name string, dir bool) bool { return true }

// Includes tells whether name, or a directory above it, is included by name.
func (s *Selection) Includes(name string) bool { return false }

// Skip is for DirOptions: whether neither name nor what is below is wanted.
func (s *Selection) Skip(name string, dir bool) bool { return false }

// Exclude leaves out of src what s does not want.
func Exclude(src Source, s *Selection) Source { return src }

// SecretOptions say what FilterSecrets does. Nil means the defaults.
type SecretOptions struct {
	// Include has what stays whatever it is. Nil includes nothing.
	Include *Selection

	// Report is told what was left out. Nil ignores it.
	Report func(Filtered)
}

// Filtered is a file that FilterSecrets left out.
type Filtered struct{ Name, Reason string }

// FilterSecrets leaves secrets out of src.
func FilterSecrets(src Source, opts *SecretOptions) Source { return src }

// OverlayOptions say how Overlay lays a directory over a tree. Nil means the defaults.
type OverlayOptions struct {
	// KeepOwners keeps the owners of the directory's files, which are root's else.
	KeepOwners bool

	// Warn is that of DirOptions.
	Warn func(message string)
}

// Overlay lays the files of the directory path over src.
func Overlay(ctx context.Context, src Source, path string, opts *OverlayOptions) (Source, error) {
	return nil, errStub
}

// A Replacement is a file that takes the place of one in a tree, or is added to it.
type Replacement struct {
	ext4.Entry // Size is that of Content
	Content    []byte
	Old        string // the name under which the file that was there stays, or ""
}

// Replace puts the replacements in the place of what src has under their names, at the end.
func Replace(src Source, replacements ...Replacement) Source { return src }
