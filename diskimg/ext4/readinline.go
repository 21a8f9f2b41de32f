package ext4

import (
	"encoding/binary"
	"fmt"
)

const (
	inlineInInode = 60 // bytes of inline data in front of those in the attribute system.data
	inlineParent  = 4  // bytes of the inode number of ".." in a directory
)

// inlineData is the content of a file or directory that lies in its inode: where others have the places of their
// blocks, and on in an attribute.
func (n *node) inlineData() ([]byte, error) {
	b := n.Block[:min(inlineInInode, n.size)]
	if n.size <= inlineInInode {
		return b, nil
	}
	rest, err := n.inlineRest()
	if err != nil {
		return nil, err
	}
	if n.size > int64(len(b)+len(rest)) {
		return nil, damagedf("inline data: size is %d, there are %d bytes", n.size, len(b)+len(rest))
	}
	return append(append([]byte{}, b...), rest...)[:n.size], nil
}

func (n *node) inlineRest() ([]byte, error) {
	set, err := n.readInodeAttributes()
	if err != nil {
		return nil, err
	}
	for _, a := range set {
		if a.index == attributeSystem && a.name == "data" {
			return a.value, nil
		}
	}
	return nil, nil
}

// inline reads a directory that lies in its inode: its parent, entries up to byte 60 and others in the attribute.
func (p *dirParser) inline(n *node) error {
	b, err := n.inlineData()
	if err != nil {
		return err
	}
	if len(b) < inlineInInode {
		return damagedf("inline data: size is %d", n.size)
	}
	p.dir.parent = binary.LittleEndian.Uint32(b)
	for _, part := range [][]byte{b[inlineParent:inlineInInode], b[inlineInInode:]} {
		if err := p.parse(part, false); err != nil {
			return fmt.Errorf("inline data: %w", err)
		}
	}
	return nil
}
