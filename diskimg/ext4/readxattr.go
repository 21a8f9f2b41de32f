package ext4

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

const (
	maxAttribute      = 64 << 10 // bytes of a value, as Linux has it
	maxAttributes     = 1 << 20  // bytes of all values of a file that are read
	attributeSystem   = 7        // the number of the namespace
	attributeEncrypt  = 9        // the key of an encrypted file, which is no attribute to others
	attributeACL      = 2
	attributeDefaults = 3
)

// An attribute is one as it is on the disk.
type attribute struct {
	index uint8
	name  string
	value []byte
}

// attributes returns those of n, in the inode and in its block.
func (n *readNode) attributes() ([]Xattr, error) {
	list, err := n.readInodeAttributes()
	if err != nil {
		return nil, err
	}
	more, err := n.readBlockAttributes()
	if err != nil {
		return nil, err
	}
	var all []Xattr
	for _, a := range append(list, more...) {
		if a.index == attributeEncrypt || a.index == attributeSystem && a.name == "data" {
			continue
		}
		x, err := a.xattr()
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b Xattr) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(all); i++ {
		if all[i].Name == all[i-1].Name {
			return nil, damagedf("attribute %q is there twice", all[i].Name)
		}
	}
	return all, nil
}

func (a attribute) xattr() (Xattr, error) {
	prefix, ok := xattrPrefixes()[a.index]
	x := Xattr{prefix + a.name, a.value}
	if !ok || x.Name == "" || bytes.IndexByte([]byte(a.name), 0) >= 0 {
		return x, damagedf("attribute %q of number %d", a.name, a.index)
	}
	if a.index != attributeACL && a.index != attributeDefaults {
		return x, nil
	}
	var err error
	if x.Value, err = linuxACL(a.value); err != nil {
		return x, fmt.Errorf("attribute %s: %w", x.Name, err)
	}
	return x, nil
}

// readInodeAttributes reads those behind the fields of the inode.
func (n *readNode) readInodeAttributes() ([]attribute, error) {
	b := n.raw[inodeOldSize:]
	if len(b) == 0 {
		return nil, nil
	}
	b = b[n.ExtraIsize:]
	if n.ExtraIsize == 0 || len(b) < 4 || binary.LittleEndian.Uint32(b) != xattrMagic {
		return nil, nil
	}
	list, err := n.readAttributes(b[4:], 0)
	if err != nil {
		return nil, fmt.Errorf("attributes in inode: %w", err)
	}
	return list, nil
}

func (n *readNode) readBlockAttributes() ([]attribute, error) {
	place := n.attributeBlock()
	if place == 0 {
		return nil, nil
	}
	if err := n.where.checkRun(place, 1); err != nil {
		return nil, fmt.Errorf("attributes: %w", err)
	}
	b, err := n.where.block(place)
	if err != nil {
		return nil, fmt.Errorf("attributes: %w", err)
	}
	order := binary.LittleEndian
	if order.Uint32(b) != xattrMagic || order.Uint32(b[8:]) != 1 {
		return nil, damagedf("attributes in block %d: magic is %08x, %d blocks", place, order.Uint32(b), order.Uint32(b[8:]))
	}
	if err := n.where.checkAttributeSum(b, place); err != nil {
		return nil, err
	}
	list, err := n.readAttributes(b, attrHeader)
	if err != nil {
		return nil, fmt.Errorf("attributes in block %d: %w", place, err)
	}
	return list, nil
}

func (f *FS) checkAttributeSum(b []byte, place int64) error {
	const at = 16
	sum := crc32c(f.seed, binary.LittleEndian.AppendUint64(nil, uint64(place)))
	sum = crc32c(crc32c(crc32c(sum, b[:at]), make([]byte, 4)), b[at+4:])
	return f.checkSum(binary.LittleEndian.Uint32(b[at:]), sum, "attributes in block %d", place)
}

// readAttributes takes the entries of b from off on, up to one that is zero. Values lie in b, or in inodes of their own.
func (n *readNode) readAttributes(b []byte, off int) ([]attribute, error) {
	var list []attribute
	total := 0
	for off+4 <= len(b) && binary.LittleEndian.Uint32(b[off:]) != 0 {
		if len(b)-off < attrEntry || len(b)-off < attrEntry+int(b[off]) {
			return nil, damagedf("an entry at byte %d has no end", off)
		}
		e := b[off:]
		a := attribute{index: e[1], name: string(e[attrEntry:][:e[0]])}
		var err error
		if a.value, err = n.attributeValue(b, e); err != nil {
			return nil, fmt.Errorf("%q: %w", a.name, err)
		}
		if total += len(a.value); total > maxAttributes {
			return nil, unsupportedf("values of more than %d bytes", maxAttributes)
		}
		list = append(list, a)
		off += attrEntry + (int(e[0])+3)&^3
	}
	return list, nil
}

func (n *readNode) attributeValue(b, e []byte) ([]byte, error) {
	order := binary.LittleEndian
	off, size := int64(order.Uint16(e[2:])), int64(order.Uint32(e[8:]))
	if size > maxAttribute {
		return nil, damagedf("a value of %d bytes", size)
	}
	if number := order.Uint32(e[4:]); number != 0 {
		return n.where.attributeInode(number, size)
	}
	if size == 0 {
		return []byte{}, nil
	}
	if off > int64(len(b)) || size > int64(len(b))-off {
		return nil, damagedf("a value of %d bytes at %d, of %d", size, off, len(b))
	}
	return bytes.Clone(b[off:][:size]), nil
}

// attributeInode reads a value that has an inode of its own (ea_inode).
func (f *FS) attributeInode(number uint32, size int64) ([]byte, error) {
	n, err := f.node(number)
	if err != nil {
		return nil, err
	}
	if !f.super.incompat(incompatEAInode) || !n.has(inodeEAInode) || n.kind() != typeRegular || n.size != size {
		return nil, damagedf("inode %d is not that of a value of %d bytes", number, size)
	}
	r, err := n.content()
	if err != nil {
		return nil, err
	}
	value := make([]byte, size)
	if err := readFull(r, value, 0); err != nil {
		return nil, err
	}
	return value, f.checkSum(n.Atime, crc32c(f.seed, value), "inode %d", number)
}
