package diskimg

import (
	"bytes"
	"fmt"
	"math/bits"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestVHDBlockSizes(t *testing.T) {
	for _, blockSize := range []uint32{512, 4 << 10, 8 << 10, 512 << 10, 1 << 20, 2 << 20, 4 << 20, 16 << 20} {
		t.Run(fmt.Sprint(blockSize), func(t *testing.T) {
			b := buildVHD(3*int64(blockSize)+512, blockSize)
			d := openVHDBytes(t, b.file())
			checkContent(t, d, b.content())
			if i := d.Info(); i.BlockSize != int64(blockSize) || i.Allocated != int64(blockSize)+512 {
				t.Errorf("block size %d, allocated %d", i.BlockSize, i.Allocated)
			}
		})
	}
}

// A sector that the bitmap does not have is zero, whatever stands there.
func TestVHDBitmap(t *testing.T) {
	const size, blockSize = 3<<20 + 512, 2 << 20
	for name, xen := range map[string]bool{"highest bit first": false, "lowest bit first": true} {
		t.Run(name, func(t *testing.T) {
			b := buildVHD(size, blockSize)
			want := b.content()
			for _, sector := range []int{0, 1, 7, 8, 100, 4095, 4096, 6144} { // the last is the disk's last
				b.clearBit(sector)
				clear(want[sector*SectorSize : (sector+1)*SectorSize])
			}
			b.blocks[b.bat[1]][511] = 0 // sectors behind the end of the disk
			if xen {
				b.reverseBitmaps()
			}
			d := openVHDBytes(t, b.file())
			checkContent(t, d, want)
			for _, e := range []Extent{{1, 3}, {510, 4}, {700, 1000}, {2<<20 - 5, 10}, {size - 513, 513}} {
				got := make([]byte, e.Length)
				if _, err := d.ReadAt(got, e.Offset); err != nil || !bytes.Equal(got, want[e.Offset:e.End()]) {
					t.Errorf("%v differs, %v", e, err)
				}
			}
		})
	}
}

// clearBit takes a sector of the disk out of the bitmap of its block.
func (b *vhdBuild) clearBit(sector int) {
	perBlock := int(b.header.BlockSize) / SectorSize
	in := sector % perBlock
	b.blocks[b.bat[sector/perBlock]][in/8] &^= 0x80 >> (in % 8)
}

// reverseBitmaps makes the disk one of the first version of Xen's tapdisk.
func (b *vhdBuild) reverseBitmaps() {
	b.both(func(f *vhdFooter) { f.Creator, f.CreatorVersion = [4]byte([]byte("tap\x00")), 1 })
	for _, block := range b.blocks {
		for i := range b.header.bitmapSize() {
			block[i] = bits.Reverse8(block[i])
		}
	}
}

// Blocks whose bitmap was seen to be full need no second look at it, on however many goroutines.
func TestVHDReadsConcurrently(t *testing.T) {
	b := buildVHD(64<<10, 4<<10)
	b.clearBit(3)
	want := b.content()
	clear(want[3*SectorSize : 4*SectorSize])
	d := openVHDBytes(t, b.file())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 50 {
				checkContent(t, d, want)
			}
		})
	}
	readers.Wait()
}

// The batmap of Xen's tools is checked where there is one.
func TestVHDBatmap(t *testing.T) {
	good := vhdBatmap{Cookie: [8]byte([]byte(vhdBatmapCookie)), Offset: 2560, Sectors: 1, Version: vhdBatmapVersion}
	good.Checksum = ^uint32(0x90)
	tests := map[string]struct {
		version uint32 // of the creator
		change  func(m *vhdBatmap)
		want    string
	}{
		"good":                    {0x00010003, func(*vhdBatmap) {}, ""},
		"signed sum":              {0x00010001, func(m *vhdBatmap) { m.Version, m.Checksum = 0x00010001, 0x6f }, ""},
		"before there were any":   {0x00000001, func(m *vhdBatmap) { m.Cookie[0] = 0 }, ""},
		"optional and not there":  {0x00010001, func(m *vhdBatmap) { m.Cookie[0] = 0 }, ""},
		"missing":                 {0x00010003, func(m *vhdBatmap) { m.Cookie[0] = 0 }, "does not begin with"},
		"checksum":                {0x00010003, func(m *vhdBatmap) { m.Checksum++ }, "checksum of the batmap"},
		"version":                 {0x00010003, func(m *vhdBatmap) { m.Version++ }, "is not known"},
		"no sectors":              {0x00010003, func(m *vhdBatmap) { m.Sectors = 0 }, "has 0 bytes"},
		"behind the end":          {0x00010003, func(m *vhdBatmap) { m.Offset = 1 << 63 }, "behind the end"},
		"too long":                {0x00010003, func(m *vhdBatmap) { m.Sectors = 1<<32 - 1 }, "behind the end"},
		"a block lies in the map": {0x00010003, func(m *vhdBatmap) { m.Offset = 8192 }, "lies in the tables"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := buildVHD(5<<20, 2<<20)
			b.moveBlocks(8) // makes room for two sectors behind the BAT
			b.both(func(f *vhdFooter) { f.Creator, f.CreatorVersion = [4]byte([]byte("tap\x00")), tt.version })
			m := good
			tt.change(&m)
			b.rest, b.restAt = append(vhdPacked(&m), 0x90), 2048
			d := openVHDBytes(t, b.file())
			checkContent(t, d, b.content())
			err := d.Check(t.Context())
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("check: %v, want %q", err, tt.want)
			}
		})
	}
}

// moveBlocks moves all blocks up by n sectors.
func (b *vhdBuild) moveBlocks(n uint32) {
	moved := map[uint32][]byte{}
	for i, entry := range b.bat {
		if entry != vhdUnused {
			b.bat[i] += n
			moved[b.bat[i]] = b.blocks[entry]
		}
	}
	b.blocks = moved
}

// Xen's first versions hid a disk in one footer only, and left the checksum as it was.
func TestVHDHidden(t *testing.T) {
	b := buildVHD(5<<20, 2<<20)
	b.both(func(f *vhdFooter) { f.Creator, f.CreatorVersion = [4]byte([]byte("tap\x00")), 0x00010001 })
	file := b.file()
	file[vhdReservedAt] = 1
	d := openVHDBytes(t, file)
	checkContent(t, d, b.content())
	if err := d.Check(t.Context()); err != nil || len(d.Info().Warnings) > 0 {
		t.Errorf("check: %v, warnings %q", err, d.Info().Warnings)
	}
}

func TestVHDFixedVariants(t *testing.T) {
	content := noise(70<<10, 1)
	file := vhdWays()[0].write(t, content)
	t.Run("footer of 511 bytes", func(t *testing.T) {
		checkContent(t, openVHDBytes(t, file[:len(file)-1]), content)
	})
	t.Run("space before the footer", func(t *testing.T) {
		d := openVHDBytes(t, append(append(bytes.Clone(content), make([]byte, 1000)...), file[len(content):]...))
		checkContent(t, d, content)
		if want := []string{"between the end of the disk and the footer are 1000 bytes that belong to neither"}; !cmp.Equal(d.Info().Warnings, want) {
			t.Errorf("warnings: %s", cmp.Diff(want, d.Info().Warnings))
		}
	})
	t.Run("begins with a dynamic VHD", func(t *testing.T) {
		content := buildVHD(1<<20, 512<<10).file()
		checkContent(t, openVHDBytes(t, vhdWays()[0].write(t, content)), content)
	})
	t.Run("checksum", func(t *testing.T) {
		broken := bytes.Clone(file)
		broken[len(broken)-1]++
		d, err := Open(bytes.NewReader(broken), int64(len(broken)), nil)
		checkRefused(t, d, err, broken)
	})
	t.Run("a byte is missing", func(t *testing.T) {
		d, err := Open(bytes.NewReader(file[1:]), int64(len(file)-1), nil)
		checkRefused(t, d, err, file)
	})
}

func TestGeometry(t *testing.T) {
	tests := []struct {
		sectors int64
		want    vhdGeometry
	}{
		{0, vhdGeometry{0, 4, 17}},
		{1, vhdGeometry{0, 4, 17}},
		{68, vhdGeometry{1, 4, 17}},
		{10243, vhdGeometry{150, 4, 17}}, // v05
		{4 * 1024 * 17, vhdGeometry{140, 16, 31}},
		{16*1024*31 - 1, vhdGeometry{1023, 16, 31}},
		{16 * 1024 * 31, vhdGeometry{503, 16, 63}},
		{65535 * 16 * 63, vhdGeometry{16191, 16, 255}},
		{vhdMaxGeometry, vhdGeometry{65535, 16, 255}},
		{vhdMaxGeometry + 1, vhdGeometry{65535, 16, 255}},
		{1 << 40, vhdGeometry{65535, 16, 255}},
	}
	for _, tt := range tests {
		if got := geometryOf(tt.sectors * SectorSize); got != tt.want {
			t.Errorf("%d sectors: %v, want %v", tt.sectors, got, tt.want)
		}
	}
}

func TestVHDTime(t *testing.T) {
	tests := []struct {
		time time.Time
		want uint32
	}{
		{time.Time{}, 0},
		{time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC), 0},
		{time.Date(2000, 1, 1, 0, 0, 7, 9, time.UTC), 7},
		{time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC), 1<<32 - 1},
	}
	for _, tt := range tests {
		if got := vhdTime(tt.time); got != tt.want {
			t.Errorf("%v: %d, want %d", tt.time, got, tt.want)
		}
	}
}
