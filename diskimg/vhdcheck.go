package diskimg

import (
	"bytes"
	"context"
	"errors"
	"time"
)

// vhdClockSlack is how far in the future an image may have been made: some programs note local time.
const vhdClockSlack = 24 * time.Hour

// A vhdProblems collects what is wrong with a file.
type vhdProblems []error

func (p *vhdProblems) add(wrong bool, off int64, format string, args ...any) {
	if wrong {
		*p = append(*p, damagedf(VHD, off, format, args...))
	}
}

// check returns what is wrong with the footers that does not keep the disk from being read.
func (f *vhdFooters) check() []error {
	var p vhdProblems
	p.add(f.back == nil, -1, "the footer at the end is missing")
	p.add(f.back != nil && !f.back.intact, f.dataEnd, "the footer at the end is damaged")
	if f.Type != vhdFixed {
		f.checkCopy(&p)
	}
	f.checkFields(&p)
	return p
}

// checkCopy checks the copy of the footer at the start.
func (f *vhdFooters) checkCopy(p *vhdProblems) {
	switch {
	case f.front == nil:
		p.add(true, 0, "the copy of the footer is missing")
	case !f.front.intact:
		p.add(true, 0, "the copy of the footer is damaged")
	case f.back != nil && f.back.intact:
		i := firstDifference(f.copyAtEnd(), f.back.raw)
		p.add(i >= 0, int64(i), "the copy of the footer differs from the one at the end")
	}
}

// copyAtEnd returns the copy of the footer as it should be at the end: Xen's first versions hid a disk in one
// of the two only.
func (f *vhdFooters) copyAtEnd() []byte {
	raw := bytes.Clone(f.front.raw)
	if f.tap() {
		raw[vhdReservedAt] = f.back.Hidden
	}
	return raw
}

func (f *foundFooter) checkFields(p *vhdProblems) {
	p.add(f.Features&vhdReserved == 0, f.off+vhdFeaturesAt, "features %#x lack the bit that is always set, 2", f.Features)
	p.add(f.Features&^(vhdReserved|vhdTemporary) != 0, f.off+vhdFeaturesAt, "features %#x are not all known", f.Features)
	p.add(f.Version != vhdVersion, f.off+vhdVersionAt, "version %#x is not 1.0", f.Version)
	p.add(f.Type == vhdFixed && f.DataOffset != vhdNone, f.off+vhdDataOffsetAt, "a fixed disk has no header, at byte %d or elsewhere", f.DataOffset)
	p.add(time.Until(f.created()) > vhdClockSlack, f.off+vhdTimeAt, "the time of creation, %s, is in the future", f.created().Format(time.RFC3339))
	p.add(f.Saved > 1, f.off+vhdSavedAt, "the saved state is %d, neither 0 nor 1", f.Saved)
	p.add(f.Hidden > 1 || f.Hidden > 0 && !f.tap(), f.off+vhdReservedAt, "a reserved byte is not zero")
	p.addUnlessZero(f.Reserved[:], f.off+vhdReservedAt+1, "a reserved byte is not zero")
}

// addUnlessZero reports the first byte of b, which stands at off, that is not zero.
func (p *vhdProblems) addUnlessZero(b []byte, off int64, what string) {
	i := firstDifference(b, make([]byte, len(b)))
	p.add(i >= 0, off+int64(i), "%s", what)
}

func (d *dynamicVHD) check(ctx context.Context) error {
	p := vhdProblems(d.footers.check())
	d.header.check(&p, int64(d.footers.DataOffset))
	if err := d.checkSurplus(ctx, &p); err != nil {
		return err
	}
	if err := d.checkBatmap(&p); err != nil {
		return err
	}
	return errors.Join(p...)
}

// check checks the fields of the header, which stands at off, that reading does not depend on.
func (h *vhdHeader) check(p *vhdProblems, off int64) {
	next := h.Next == vhdNone || h.Next == 1<<32-1 // as the specification has it, which Microsoft's tools do not like
	p.add(!next, off+vhdNextAt, "the header says that another follows at byte %d", h.Next)
	p.add(h.Version != vhdVersion, off+vhdHeaderVersionAt, "version %#x of the header is not 1.0", h.Version)
	p.addUnlessZero(h.Parent[:], off+vhdParentAt, "the header names a parent, which only a differencing disk has")
	p.addUnlessZero(h.Reserved[:], off+vhdHeaderReservedAt, "a reserved byte of the header is not zero")
}

// checkSurplus checks that the entries of the BAT behind those that the disk needs are not used.
func (d *dynamicVHD) checkSurplus(ctx context.Context, p *vhdProblems) error {
	entries := make(vhdBAT, 16<<10)
	for i := int64(len(d.bat)); i < int64(d.header.MaxEntries); {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		some := entries[:min(int64(len(entries)), int64(d.header.MaxEntries)-i)]
		at := int64(d.header.TableOffset) + 4*i
		if err := readEntries(d.r, some, at); err != nil {
			return err
		}
		if used := indexUsed(some); used >= 0 {
			p.add(true, at+4*int64(used), "block %d is used, and the disk ends before it", i+int64(used))
			return nil
		}
		i += int64(len(some))
	}
	return nil
}

func indexUsed(bat vhdBAT) int {
	for i, entry := range bat {
		if entry != vhdUnused {
			return i
		}
	}
	return -1
}
