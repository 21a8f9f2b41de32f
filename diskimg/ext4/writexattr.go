package ext4

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

const (
	attrHeader   = 32 // bytes, in a block
	attrEntry    = 16 // and the name
	inodeAttrs   = writtenInode - inodeMinimum
	maxAttrRefs  = 1024 // as Linux has it
	maxAttrValue = blockSize - attrHeader - attrEntry - 4
)

// attrSets has the attributes of files that do not fit into the inode, each set once.
type attrSets struct {
	inodes map[string]string
	blocks map[string]*attrBlock
	order  []*attrBlock
}

// An attrBlock is a set of attributes and how many files have it.
type attrBlock struct {
	block []byte // without the zeros in the middle: entries of the first bytes, and values
	first int
	refs  int
	at    []int64 // the blocks, one for 1024 files
	named int     // how many of the files know theirs
}

// place returns the next of the blocks that has room for a file.
func (b *attrBlock) place() uint64 {
	if b == nil {
		return 0
	}
	b.named++
	return uint64(b.at[(b.named-1)/maxAttrRefs])
}

func (s *attrSets) release(b *attrBlock) {
	if b != nil {
		b.refs--
	}
}

// An attr is an attribute as it is on the disk.
type attr struct {
	index uint8
	name  string
	value []byte
	full  string
}

func (a *attr) size() int { return attrEntry + pad4(len(a.name)) + pad4(len(a.value)) }

func pad4(n int) int { return (n + 3) &^ 3 }

// add returns what lies in the inode and what lies in a block. The smallest attributes go first.
func (s *attrSets) add(xattrs []Xattr) (string, *attrBlock, error) {
	if len(xattrs) == 0 {
		return "", nil, nil
	}
	attrs, err := convertAttrs(xattrs)
	if err != nil {
		return "", nil, err
	}
	slices.SortStableFunc(attrs, func(x, y attr) int { return cmp.Compare(x.size(), y.size()) })
	free := inodeAttrs - 8 // the magic number, and 4 zeros behind the last entry
	k := 0
	for k < len(attrs) && attrs[k].size() <= free {
		free -= attrs[k].size()
		k++
	}
	block, err := s.addBlock(attrs[k:])
	if err != nil {
		return "", nil, err
	}
	return s.inInode(attrs[:k]), block, nil
}

func (s *attrSets) inInode(attrs []attr) string {
	if len(attrs) == 0 {
		return ""
	}
	p := make([]byte, inodeAttrs)
	binary.LittleEndian.PutUint32(p, xattrMagic)
	putAttrs(p[4:], 0, attrs)
	if known, ok := s.inodes[string(p)]; ok {
		return known
	}
	if s.inodes == nil {
		s.inodes = make(map[string]string)
	}
	s.inodes[string(p)] = string(p)
	return s.inodes[string(p)]
}

func (s *attrSets) addBlock(attrs []attr) (*attrBlock, error) {
	if len(attrs) == 0 {
		return nil, nil
	}
	free := blockSize - attrHeader - 4
	for _, a := range attrs {
		if a.size() > free {
			return nil, fmt.Errorf("attribute %s of %d bytes: all attributes together are more than a block has room for",
				a.full, len(a.value))
		}
		free -= a.size()
	}
	p := make([]byte, blockSize)
	first, last := putAttrs(p, attrHeader, attrs)
	p = slices.Concat(p[:first], p[last:])
	b := s.blocks[string(p)]
	if b == nil {
		b = &attrBlock{block: p, first: first}
		if s.blocks == nil {
			s.blocks = make(map[string]*attrBlock)
		}
		s.blocks[string(p)] = b
		s.order = append(s.order, b)
	}
	b.refs++
	return b, nil
}

// putAttrs writes entries from head on, sorted as Linux wants them in a block, and values from the end on. It returns
// where the zeros between them begin and end.
func putAttrs(p []byte, head int, attrs []attr) (first, last int) {
	slices.SortFunc(attrs, func(x, y attr) int {
		return cmp.Or(cmp.Compare(x.index, y.index), cmp.Compare(len(x.name), len(y.name)), strings.Compare(x.name, y.name))
	})
	le := binary.LittleEndian
	first, last = head, len(p)
	hash := uint32(0)
	for _, a := range attrs {
		e := p[first:]
		e[0], e[1] = uint8(len(a.name)), a.index
		if len(a.value) > 0 {
			last -= pad4(len(a.value))
			copy(p[last:], a.value)
			le.PutUint16(e[2:], uint16(last))
		}
		le.PutUint32(e[8:], uint32(len(a.value)))
		le.PutUint32(e[12:], a.hash())
		hash = hash<<16 ^ hash>>16 ^ a.hash()
		copy(e[attrEntry:], a.name)
		first += attrEntry + pad4(len(a.name))
	}
	if head == attrHeader {
		le.PutUint32(p, xattrMagic)
		le.PutUint32(p[8:], 1) // blocks
		le.PutUint32(p[12:], hash)
	}
	return first, last
}

// hash is what Linux has in an entry: of the name, of which it takes the bytes as unsigned, and of the value.
func (a *attr) hash() uint32 {
	h := uint32(0)
	for _, c := range []byte(a.name) {
		h = h<<5 ^ h>>27 ^ uint32(c)
	}
	var word [4]byte
	for v := a.value; len(v) > 0; v = v[min(4, len(v)):] {
		clear(word[copy(word[:], v):])
		h = h<<16 ^ h>>16 ^ binary.LittleEndian.Uint32(word[:])
	}
	return h
}

// writeAttrs writes the blocks with attributes, as many of each as its files need.
func (w *Writer) writeAttrs() {
	for _, b := range w.attrs.order {
		for left := b.refs; left > 0; left -= maxAttrRefs {
			at := int64(w.alloc.take(1).start)
			b.at = append(b.at, at)
			w.writeAttrBlock(b, at, min(left, maxAttrRefs))
		}
	}
	for _, n := range w.nodes {
		if n != nil && n.shared != nil {
			n.blocks++
		}
	}
}

func (w *Writer) writeAttrBlock(b *attrBlock, at int64, refs int) {
	clear(w.block[:])
	copy(w.block[:], b.block[:b.first])
	copy(w.block[blockSize-len(b.block)+b.first:], b.block[b.first:])
	le := binary.LittleEndian
	le.PutUint32(w.block[4:], uint32(refs))
	sum := crc32c(w.seed, le.AppendUint64(nil, uint64(at)))
	le.PutUint32(w.block[16:], crc32c(sum, w.block[:]))
	w.out.put(at, w.block[:])
}
