package ext4

import (
	"fmt"
	"strings"
)

const maxTarget = 4096 // bytes that a symbolic link may have, as Linux has it

// link returns the target of a symbolic link.
func (n *node) link() (string, error) {
	if n.has(inodeEncrypt) {
		return "", fmt.Errorf("inode %d: %w", n.number, errEncrypted())
	}
	if n.size == 0 || n.size > maxTarget {
		return "", damagedf("inode %d: a link of %d bytes", n.number, n.size)
	}
	b := make([]byte, n.size)
	switch {
	case n.fastLink():
		copy(b, n.Block[:])
	default:
		r, err := n.content()
		if err != nil {
			return "", err
		}
		if err := readFull(r, b, 0); err != nil {
			return "", err
		}
	}
	if target := string(b); !strings.Contains(target, "\x00") {
		return target, nil
	}
	return "", damagedf("inode %d: a link with a zero byte", n.number)
}

// fastLink tells whether the target lies where other inodes have the places of their blocks: then it has none, but
// perhaps for one with attributes.
func (n *node) fastLink() bool {
	if n.has(inodeInlineData|inodeExtents) || n.size >= symlinkFast {
		return false
	}
	blocks := int64(n.BlocksLo)
	if n.attributeBlock() != 0 {
		blocks -= n.where.blockSize * n.where.perCluster / 512
	}
	return blocks <= 0
}

func (n *node) attributeBlock() int64 { return int64(n.FileACLLo) | int64(n.FileACLHi)<<32 }
