package compressed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// An xzGuard passes on an xz file up to a block that wants a larger dictionary, which the decoder would make. It follows
// the structure of the file [xz file format 1.2.1, 2 to 5] and refuses what it does not understand.
type xzGuard struct {
	r     io.Reader
	most  uint64 // bytes of a dictionary
	at    int64  // in the file
	skip  int64  // bytes that say nothing about the structure
	buf   []byte
	need  int                  // bytes that buf must have
	then  func(p []byte) error // what they are
	check int64                // bytes of the check behind a block

	number uint64 // of the index, as far as it is read
	shift  uint
	left   uint64 // numbers of the index to come
	counts bool   // the number is how many records there are
}

// newXZGuard bounds what the decoder keeps of what it has decoded to most bytes: xz -9 wants 64 MiB.
func newXZGuard(r io.Reader, most uint64) *xzGuard {
	g := &xzGuard{r: r, most: most}
	g.next(4, g.start)
	return g
}

func (g *xzGuard) next(need int, then func(p []byte) error) { g.need, g.then = need, then }

func (g *xzGuard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if refused := g.look(p[:n]); refused != nil {
		return 0, refused
	}
	return n, err
}

func (g *xzGuard) look(p []byte) error {
	for len(p) > 0 {
		if g.skip > 0 {
			n := min(g.skip, int64(len(p)))
			g.skip, g.at, p = g.skip-n, g.at+n, p[n:]
			continue
		}
		n := min(g.need-len(g.buf), len(p))
		g.buf, g.at, p = append(g.buf, p[:n]...), g.at+int64(n), p[n:]
		if len(g.buf) == g.need {
			if err := g.then(g.buf); err != nil {
				return err
			}
			g.buf = g.buf[:0]
		}
	}
	return nil
}

var errXZDamaged = errors.New("the xz file is damaged")

// start is of a stream, or of padding before one.
func (g *xzGuard) start(p []byte) error {
	switch string(p) {
	case "\x00\x00\x00\x00":
	case "\xfd7zX":
		g.next(8, g.header)
	default:
		return errXZDamaged
	}
	return nil
}

// header is the rest of a stream's.
func (g *xzGuard) header(p []byte) error {
	sizes := [16]int64{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}
	g.check = sizes[p[3]&15]
	g.next(1, g.block)
	return nil
}

// block is the first byte of a block, which is the size of its header, or of the index.
func (g *xzGuard) block(p []byte) error {
	if p[0] == 0 {
		g.counts = true
		g.next(1, g.index)
		return nil
	}
	g.next(4*int(p[0])+3, g.blockHeader)
	return nil
}

func (g *xzGuard) blockHeader(p []byte) error {
	flags, r := p[0], bytes.NewReader(p[1:])
	for _, flag := range []byte{0x40, 0x80} { // sizes
		if flags&flag != 0 {
			xzNumber(r)
		}
	}
	filter, size := xzNumber(r), xzNumber(r)
	bits, err := r.ReadByte()
	if flags&0x3f != 0 || filter != 0x21 || size != 1 || err != nil || bits > 40 {
		return errors.New("the xz file has other filters than LZMA2, or is damaged")
	}
	if dictionary := uint64(2|bits&1) << (bits/2 + 11); dictionary > g.most {
		return fmt.Errorf("the xz file needs a dictionary of %d MiB, more than %d", dictionary>>20, g.most>>20)
	}
	g.next(1, g.chunk)
	return nil
}

// xzNumber reads a number of up to nine times seven bits. What is no number is 1<<64-1.
func xzNumber(r *bytes.Reader) (n uint64) {
	for shift := 0; shift < 63; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			break
		}
		if n |= uint64(b&0x7f) << shift; b < 0x80 {
			return n
		}
	}
	return 1<<64 - 1
}

// chunk is the first byte of one of LZMA2, or the end of a block: what follows has whole words.
func (g *xzGuard) chunk(p []byte) error {
	switch control := p[0]; {
	case control == 0:
		g.skip = -g.at&3 + g.check
		g.next(1, g.block)
	case control <= 2:
		g.next(2, g.plainChunk)
	case control < 0x80:
		return errXZDamaged
	case control < 0xc0:
		g.next(4, g.packedChunk)
	default:
		g.next(5, g.packedChunk)
	}
	return nil
}

func (g *xzGuard) plainChunk(p []byte) error { return g.skipChunk(p) }

func (g *xzGuard) packedChunk(p []byte) error { return g.skipChunk(p[2:]) }

func (g *xzGuard) skipChunk(size []byte) error {
	g.skip = int64(size[0])<<8 + int64(size[1]) + 1
	g.next(1, g.chunk)
	return nil
}

// index is a byte of it: of how many records it has, or of two numbers for each.
func (g *xzGuard) index(p []byte) error {
	if g.shift > 56 {
		return errXZDamaged
	}
	g.number |= uint64(p[0]&0x7f) << g.shift
	if g.shift += 7; p[0] >= 0x80 {
		return nil
	}
	if g.counts {
		g.left, g.counts = 2*g.number, false
	} else {
		g.left--
	}
	if g.number, g.shift = 0, 0; g.left == 0 {
		const sum, footer = 4, 12
		g.skip = -g.at&3 + sum + footer
		g.next(4, g.start)
	}
	return nil
}
