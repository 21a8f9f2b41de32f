package diskimg

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"time"
)

// DefaultLevel is the deflate level of streamOptimized VMDK; 1 is fastest, 9 smallest.
const DefaultLevel = 6

// MaxSize is the longest disk that is read or written, in bytes: 2^62, so that sums of sizes do not overflow.
const MaxSize = math.MaxInt64/2 + 1

// A Target is where an image file is written to. The file is covered by calls of WriteAt and Zero in ascending
// order, each byte once, except for the head that Layout tells of: within it the order is any, and it comes last.
type Target interface {
	io.WriterAt

	// Zero makes n bytes from off on read as zeros, and the file reach behind them. It is called for all that is
	// not written: for a new file, which has holes where nothing was written, it need only see to the length.
	Zero(off, n int64) error
}

// CreateOptions says what image to make.
type CreateOptions struct {
	Format    Format
	Subformat Subformat // the format's default if empty: dynamic VHD, streamOptimized VMDK

	// Map, if not nil, is where the disk will have data at most, ascending. Dynamic VHD and monolithicSparse
	// VMDK, whose tables come first, know them in advance with it, so that the whole file is written in
	// ascending order: Layout tells of no head. Every block that Map touches is allocated then, even if only
	// zeros come, and data outside of it is an error. The other kinds need no map.
	Map []Extent

	Name    string    // of the image file, for the VMDK descriptor; disk.vmdk if empty
	Level   int       // of deflate, for streamOptimized; DefaultLevel if 0
	Workers int       // that compress; one a processor if 0
	Rand    io.Reader // for the UUID and the content ID; crypto/rand if nil
	Time    time.Time // of creation, for VHD; the format's zero, 2000-01-01, if zero or before

	Progress func(n int64) // called with the bytes of the disk that each step advanced, holes included; never twice at a time
}

// A Layout says what file an image will be.
type Layout struct {
	FileSize int64 // bytes; -1 where it depends on the content
	Head     int64 // length of the tables in front, in bytes, which are written last; 0 if there are none
}

// Layout checks the options, and whether a disk of size bytes can be written so, before any work is done.
func (o *CreateOptions) Layout(size int64) (Layout, error) {
	_, layout, err := o.begin(nil, size)
	return layout, err
}

// withDefaults returns the options with every choice made, or what is wrong with them.
func (o *CreateOptions) withDefaults() (*CreateOptions, error) {
	if o == nil {
		return nil, errors.New("create disk image: no format is given")
	}
	made := *o
	if made.Subformat == "" {
		made.Subformat = map[Format]Subformat{VHD: Dynamic, VMDK: StreamOptimized}[o.Format]
	}
	if made.Name == "" {
		made.Name = "disk.vmdk"
	}
	if made.Level == 0 {
		made.Level = DefaultLevel
	}
	if made.Level < 1 || made.Level > 9 {
		return nil, fmt.Errorf("create disk image: compression level %d: want 1 to 9", o.Level)
	}
	if made.Workers <= 0 {
		made.Workers = runtime.GOMAXPROCS(0)
	}
	if made.Rand == nil {
		made.Rand = rand.Reader
	}
	if made.Progress == nil {
		made.Progress = func(int64) {}
	}
	return &made, nil
}

// An encoder writes the data of a disk in one format.
type encoder interface {
	// unit is the length, in bytes, of the runs of zeros that are not worth writing: at most 64 KiB. They
	// begin at multiples of it.
	unit() int

	// write takes data at off of the disk. Calls ascend; what is between them is zero. p is the encoder's
	// only until it returns.
	write(p []byte, off int64) error

	// finish completes the file: what is behind the last data, then the head.
	finish() error

	// close ends what is running, whether or not finish was called, and waits for it.
	close()
}

// begin returns the encoder of the options' format. Nothing is written yet, and t may be nil if nothing will.
func (o *CreateOptions) begin(t Target, size int64) (func(ctx context.Context) encoder, Layout, error) {
	made, err := o.withDefaults()
	if err != nil {
		return nil, Layout{}, err
	}
	if size < 0 || size > MaxSize {
		return nil, Layout{}, fmt.Errorf("create disk image: %d bytes is no size", size)
	}
	if err := checkMap(made.Format, made.Map, size); err != nil {
		return nil, Layout{}, err
	}
	var encode func(ctx context.Context) encoder
	var layout Layout
	switch {
	case made.Format == RAW && made.Subformat == "":
		encode, layout, err = newRawEncoder(t, size)
	case size%SectorSize != 0:
		err = fmt.Errorf("create %s: the size must be a multiple of %d bytes, not %d", made.Format, SectorSize, size)
	case made.Format == VHD && made.Subformat == Fixed:
		encode, layout, err = newFixedVHD(t, size, made)
	case made.Format == VHD && made.Subformat == Dynamic:
		encode, layout, err = newDynamicVHD(t, size, made)
	case made.Format == VMDK && made.Subformat == StreamOptimized:
		encode, layout, err = newStreamVMDK(t, size, made)
	case made.Format == VMDK && made.Subformat == MonolithicSparse:
		encode, layout, err = newSparseVMDK(t, size, made)
	default:
		err = unsupportedf("create disk image: format %q, subformat %q is not written", made.Format, made.Subformat)
	}
	return encode, layout, err
}
