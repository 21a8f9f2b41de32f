package diskimg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
)

// Vectors that the tests change, and where their tables are, in bytes.
const (
	sparseVector = "m23-sparse-aligned.vmdk"
	sparseRGD    = 21 * SectorSize
	sparseRGT    = 22 * SectorSize
	sparseGD     = 26 * SectorSize
	sparseGT     = 27 * SectorSize

	streamVector = "m09-stream-partial-short.vmdk"
	streamGD     = 272 * SectorSize
	streamGT     = 267 * SectorSize
	streamFooter = 141312 - 1024
	streamGrain0 = 128 * SectorSize
)

// An edit changes an image.
type edit func(b []byte) []byte

func put32(v uint32, at ...int) edit {
	return func(b []byte) []byte {
		for _, i := range at {
			binary.LittleEndian.PutUint32(b[i:], v)
		}
		return b
	}
}

func put64(v uint64, at ...int) edit {
	return func(b []byte) []byte {
		for _, i := range at {
			binary.LittleEndian.PutUint64(b[i:], v)
		}
		return b
	}
}

func putText(s string, at ...int) edit {
	return func(b []byte) []byte {
		for _, i := range at {
			copy(b[i:], s)
		}
		return b
	}
}

// replace changes text of the embedded descriptor, which keeps its room.
func replace(old, new string) edit {
	return func(b []byte) []byte {
		const start, end = SectorSize, 21 * SectorSize
		text := bytes.Replace(bytes.TrimRight(b[start:end], "\x00"), []byte(old), []byte(new), 1)
		clear(b[start:end])
		copy(b[start:end], text)
		return b
	}
}

func cut(n int) edit { return func(b []byte) []byte { return b[:len(b)-n] } }

// entry copies the entry at byte from to byte to.
func entry(to, from int) edit {
	return func(b []byte) []byte { return append(b[:to:to], append(bytes.Clone(b[from:from+4]), b[to+4:]...)...) }
}

func hostileVMDKs() []struct {
	name, base  string
	unsupported bool
	edits       []edit
	want        string
} {
	return []struct {
		name, base  string
		unsupported bool
		edits       []edit
		want        string
	}{
		{"short header", sparseVector, false, []edit{func(b []byte) []byte { return b[:500] }}, "less than a header"},
		{"version 0", sparseVector, true, []edit{put32(0, 4)}, "version 0"},
		{"version 4", sparseVector, true, []edit{put32(4, 4)}, "version 4"},
		{"ascii transfer", sparseVector, false, []edit{putText("\n \n\n", 73)}, "transferred as text"},
		{"unknown flag", sparseVector, true, []edit{put32(1<<31|3, 8)}, "0x80000000"},
		{"capacity 2^63", sparseVector, false, []edit{put64(1<<63, 12)}, "more than any disk"},
		{"capacity 2^53", sparseVector, true, []edit{put64(1<<53, 12)}, "grain tables"},
		{"capacity beyond directory", sparseVector, false, []edit{put64(1<<36, 12)}, "its header"},
		{"grain 0", sparseVector, false, []edit{put64(0, 20)}, "grain size is 0"},
		{"grain 100", sparseVector, false, []edit{put64(100, 20)}, "not a power of two"},
		{"grain 1", sparseVector, true, []edit{put64(1, 20)}, "grains of 1 sectors"},
		{"grain 2^40", sparseVector, true, []edit{put64(1<<40, 20)}, "grains of"},
		{"entries 0", sparseVector, false, []edit{put32(0, 44)}, "0 entries"},
		{"entries 500", sparseVector, false, []edit{put32(500, 44)}, "not a power of two"},
		{"entries 2^31", sparseVector, true, []edit{put32(1<<31, 44)}, "grain tables of"},
		{"descriptor beyond", sparseVector, false, []edit{put64(1<<40, 28)}, "beyond the end"},
		{"descriptor 2^64-1", sparseVector, false, []edit{put64(1<<64-1, 28)}, "beyond the end"},
		{"descriptor size 2^63", sparseVector, false, []edit{put64(1<<63, 36)}, "beyond the end"},
		{"descriptor huge", sparseVector, false, []edit{put64(200, 36)}, "more than 128"},
		{"no descriptor", sparseVector, true, []edit{put64(0, 28), put64(0, 36)}, "open the descriptor"},
		{"descriptor over tables", sparseVector, false, []edit{put64(40, 36)}, "lies over the descriptor"},
		{"algorithm 2", sparseVector, true, []edit{putText("\x02\x00", 77)}, "algorithm 2"},
		{"algorithm without flag", sparseVector, false, []edit{putText("\x01\x00", 77)}, "contradict"},
		{"flag without algorithm", sparseVector, false, []edit{put32(0x30003, 8)}, "contradict"},
		{"markers alone", sparseVector, true, []edit{put32(0x20003, 8)}, "markers"},
		{"directory 0", sparseVector, false, []edit{put64(0, 56)}, "does not lie in the file"},
		{"directory beyond", sparseVector, false, []edit{put64(1<<55, 56)}, "does not lie in the file"},
		{"redundant directory beyond", sparseVector, false, []edit{put64(640, 48)}, "redundant grain directory"},
		{"directory over header", sparseVector, false, []edit{put64(5, 56)}, "lies over the descriptor"},
		{"directory at end, no footer", sparseVector, false, []edit{put64(gdAtEnd, 56)}, "footer is not at the end"},
		{"table beyond", sparseVector, false, []edit{put32(638, sparseGD)}, "beyond the end"},
		{"table over header", sparseVector, false, []edit{put32(0xffffffff, sparseRGD)}, "beyond the end"},
		{"table over descriptor", sparseVector, false, []edit{put32(18, sparseGD)}, "table lies over"},
		{"table over directory", sparseVector, false, []edit{put32(25, sparseGD)}, "table lies over"},
		{"tables shared", sparseVector, false, []edit{put32(22, sparseGD)}, "table lies over another"},
		{"grain beyond", sparseVector, false, []edit{put32(1<<32-1, sparseGT)}, "beyond the end"},
		{"grain over header", sparseVector, false, []edit{put32(1, sparseGT)}, "over the descriptor"},
		{"grain over table", sparseVector, false, []edit{put32(29, sparseGT)}, "over a grain table"},
		{"grain over redundant table", sparseVector, false, []edit{put32(25, sparseGT)}, "lies over"},
		{"grains shared", sparseVector, false, []edit{put32(256, sparseGT, sparseGT+4)}, "over each other"},
		{"grains overlap", sparseVector, false, []edit{put32(256, sparseGT), put32(257, sparseGT+4)}, "over each other"},
		{"cut short", sparseVector, false, []edit{cut(64 << 10)}, "beyond the end"},

		{"footer cut off", streamVector, false, []edit{cut(1024)}, "footer is not at the end"},
		{"padded", streamVector, false, []edit{func(b []byte) []byte { return append(b, make([]byte, 512)...) }}, "footer is not at the end"},
		{"odd length", streamVector, false, []edit{cut(5)}, "footer is missing"},
		{"footer capacity", streamVector, false, []edit{put64(10240, streamFooter+12)}, "contradicts"},
		{"footer flags", streamVector, false, []edit{put32(0x30005, streamFooter+8)}, "contradicts"},
		{"footer magic", streamVector, false, []edit{putText("VMDK", streamFooter)}, "contradicts"},
		{"footer without directory", streamVector, false, []edit{put64(gdAtEnd, streamFooter+56)}, "does not say where"},
		{"footer directory beyond", streamVector, false, []edit{put64(276, streamFooter+56)}, "does not lie in the file"},
		{"directory over footer", streamVector, false, []edit{put64(275, streamFooter+56)}, "lies over the footer"},
		{"not end of stream", streamVector, false, []edit{put32(1, streamFooter+512)}, "footer is not at the end"},
		{"compressed grain beyond", streamVector, false, []edit{put32(276, streamGT)}, "beyond the end"},
		{"compressed grain over footer", streamVector, false, []edit{put32(275, streamGT)}, "over the footer"},
		{"compressed grains shared", streamVector, false, []edit{entry(streamGT+4, streamGT)}, "over each other"},
		{"mark of another grain", streamVector, false, []edit{put64(1<<40, streamGrain0)}, "marked as that of sector"},
		{"length 0", streamVector, false, []edit{put32(0, streamGrain0+8)}, "0 bytes of compressed data"},
		{"length huge", streamVector, false, []edit{put32(1<<32-1, streamGrain0+8)}, "room for"},
		{"length one less", streamVector, false, []edit{addTo32(streamGrain0+8, -1)}, "unexpected EOF"},
		{"length one more", streamVector, false, []edit{addTo32(streamGrain0+8, 1)}, "after the compressed data"},
		{"raw deflate", streamVector, false, []edit{putText("\xed\x5b", streamGrain0+12)}, "invalid header"},
		{"dictionary", streamVector, false, []edit{putText("\x78\xbb", streamGrain0+12)}, "invalid dictionary"},
		{"damaged data", streamVector, false, []edit{putText("\xff\xff\xff\xff", streamGrain0+14)}, "inflate"},

		{"delta link", sparseVector, true, []edit{replace("parentCID=ffffffff", "parentCID=a1b2c3d4")}, "delta link"},
		{"parent's name", sparseVector, true, []edit{replace("# Extent", "parentFileNameHint=\"a.vmdk\"\n# Extent")}, "a.vmdk"},
		{"encrypted", sparseVector, true, []edit{replace("# Extent", "encryption.keySafe = \"vmware:key\"\n# Extent")}, "encrypted"},
		{"encrypted by vSphere", sparseVector, true, []edit{replace("# Extent", "ddb.iofilters = \"vmwarevmcrypt\"\n# Extent")}, "encrypted"},
		{"descriptor version 9", sparseVector, true, []edit{replace("version=1", "version=9")}, "version \"9\""},
		{"no createType", sparseVector, false, []edit{replace("createType=", "x=")}, "no createType"},
		{"createType twice", sparseVector, false, []edit{replace("# Extent", "createType=\"vmfs\"\n# Extent")}, "twice"},
		{"flat inside", sparseVector, false, []edit{replace("monolithicSparse", "monolithicFlat")}, "monolithicFlat"},
		{"flat extent inside", sparseVector, false, []edit{replace("SPARSE", "FLAT")}, "one SPARSE extent"},
		{"two extents", sparseVector, false, []edit{replace("# The Disk", "RW 1 SPARSE \"x\"\n# The Disk")}, "one SPARSE extent"},
		{"no extent", sparseVector, false, []edit{replace("RW 6144", "# RW")}, "one SPARSE extent"},
		{"extent not to be read", sparseVector, true, []edit{replace("RW 6144", "NOACCESS 6144")}, "NOACCESS"},
		{"extent smaller", sparseVector, false, []edit{replace("RW 6144", "RW 6016")}, "its header"},
		{"extent bigger", sparseVector, false, []edit{replace("RW 6144", "RW 6272")}, "its header"},
		{"noise in descriptor", sparseVector, false, []edit{replace("# Extent", "RWX 1 SPARSE\n# Extent")}, "neither a value nor an extent"},
	}
}

func addTo32(at, n int) edit {
	return func(b []byte) []byte {
		binary.LittleEndian.PutUint32(b[at:], binary.LittleEndian.Uint32(b[at:])+uint32(n))
		return b
	}
}

// moveLastGrain puts the last grain of the sparse vector, of which the disk has one sector, at the end of the file.
func moveLastGrain(b []byte) []byte {
	at := uint32(len(b) / SectorSize)
	return put32(at, sparseGT+4*47)(append(b, noise(SectorSize, 1)...))
}

func TestHostileVMDKs(t *testing.T) {
	for _, tt := range hostileVMDKs() {
		t.Run(tt.name, func(t *testing.T) {
			b := edited(t, tt.base, tt.edits...)
			_, err := readAllVMDK(b)
			if err == nil {
				t.Fatal("is read")
			}
			checkRefusal(t, err, int64(len(b)), tt.unsupported)
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// checkRefusal checks that err says what kind of refusal it is, and where.
func checkRefusal(t *testing.T, err error, size int64, isUnsupported bool) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Format != VMDK || e.Offset < 0 || e.Offset >= max(size, SectorSize) {
		t.Errorf("%v: no Error with an offset in the file", err)
	}
	if errors.Is(err, ErrUnsupported) != isUnsupported || errors.Is(err, ErrDamaged) == isUnsupported {
		t.Errorf("%v: unsupported should be %t", err, isUnsupported)
	}
}

func edited(t testing.TB, base string, edits ...edit) []byte {
	t.Helper()
	b := unpackVector(t, base)
	for _, e := range edits {
		b = e(b)
	}
	return b
}

// readAllVMDK opens an image and reads all of the disk.
func readAllVMDK(b []byte) ([]byte, error) {
	im, err := openVMDK(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		return nil, err
	}
	p := make([]byte, im.info().Size)
	return p, im.readAt(p, 0)
}

// What is odd but not wrong.
func TestOddVMDKs(t *testing.T) {
	tests := []struct {
		name, base string
		edits      []edit
		size       int64
		warning    string
	}{
		{"unclean", sparseVector, []edit{putText("\x01", 72)}, 6144, "not closed cleanly"},
		{"unknown harmless flag", sparseVector, []edit{put32(0x8003, 8)}, 6144, ""},
		{"RDONLY", sparseVector, []edit{replace("RW 6144", "RDONLY 6144")}, 6144, ""},
		{"rounded header", sparseVector, []edit{replace("RW 6144", "RW 6017")}, 6017, "size is"},
		{"rounded extent", sparseVector, []edit{put64(6017, 12)}, 6017, "size is"},
		{"createType of a stream", sparseVector, []edit{replace("monolithicSparse", "streamOptimized")}, 6144, "says streamOptimized"},
		{"version 1", streamVector, []edit{put32(1, 4, streamFooter+4)}, 10243, "version 1"},
		{"no descriptor", streamVector, []edit{put64(0, 28), put64(0, 36)}, 10243, "no descriptor"},
		{"empty", sparseVector, []edit{put64(0, 12), replace("RW 6144", "RW 0")}, 0, ""},
		{"empty, directories at one place", sparseVector, []edit{put64(0, 12), put64(21, 56), replace("RW 6144", "RW 0")}, 0, ""},
		{"redundant directory without a flag", sparseVector, []edit{put32(1, 8), put64(1<<60, 48)}, 6144, ""},
		{"last grain not padded", sparseVector, []edit{put64(6017, 12), replace("RW 6144", "RW 6017"), moveLastGrain}, 6017, ""},
		{"zeroed grain", sparseVector, []edit{put32(2, 4), put32(7, 8), put32(1, sparseGT)}, 6144, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := edited(t, tt.base, tt.edits...)
			im, err := openVMDK(bytes.NewReader(b), int64(len(b)), nil)
			if err != nil {
				t.Fatal(err)
			}
			i := im.info()
			if got := strings.Join(i.Warnings, "; "); !strings.Contains(got, tt.warning) || tt.warning == "" && got != "" {
				t.Errorf("warnings %q, want %q", got, tt.warning)
			}
			if i.Size != tt.size*SectorSize {
				t.Errorf("%d bytes, want %d sectors", i.Size, tt.size)
			}
			if _, err := readAllVMDK(b); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestZeroedGrain(t *testing.T) {
	b := edited(t, sparseVector, put32(2, 4), put32(7, 8), put32(1, sparseGT))
	p, err := readAllVMDK(b)
	if err != nil || !bytes.Equal(p[:64<<10], make([]byte, 64<<10)) {
		t.Errorf("it is not zero, or %v", err)
	}
}

// Wherever reading begins and ends, it gives the same bytes.
func TestVMDKReadAtAnywhere(t *testing.T) {
	for _, name := range []string{sparseVector, streamVector, "m21-grain-gap-reorder.vmdk", "m11-sparse-gde0.vmdk"} {
		t.Run(name, func(t *testing.T) {
			b := unpackVector(t, name)
			want, err := readAllVMDK(b)
			if err != nil {
				t.Fatal(err)
			}
			d, err := Open(bytes.NewReader(b), int64(len(b)), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, off := range []int64{0, 1, 511, 65535, 65536, 65537, 1 << 20, d.Size() - 1537, d.Size() - 1} {
				for _, n := range []int64{1, 2, 512, 65535, 65536, 65537, 700000, d.Size()} {
					p := make([]byte, min(n, d.Size()-off))
					if _, err := d.ReadAt(p, off); err != nil && err != io.EOF {
						t.Fatalf("%d bytes at %d: %v", len(p), off, err)
					}
					if !bytes.Equal(p, want[off:off+int64(len(p))]) {
						t.Errorf("%d bytes at %d differ", len(p), off)
					}
				}
			}
		})
	}
}
