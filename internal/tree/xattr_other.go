//go:build !linux

package tree

import "amiforge/diskimg/ext4"

// An xattrReader reads no extended attributes: what other systems have is nothing that Linux knows.
type xattrReader struct{}

func (*xattrReader) ofFile(int) ([]ext4.Xattr, error) { return nil, nil }

func (*xattrReader) ofName(int, string) ([]ext4.Xattr, error) { return nil, nil }
