package diskimg

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// vhdRefusals are disks that must not be read, and what must be said of them.
func vhdRefusals() map[string]struct {
	change func(b *vhdBuild)
	want   string
} {
	type refusal = struct {
		change func(b *vhdBuild)
		want   string
	}
	both := func(change func(f *vhdFooter)) func(b *vhdBuild) {
		return func(b *vhdBuild) { b.both(change) }
	}
	header := func(change func(h *vhdHeader)) func(b *vhdBuild) {
		return func(b *vhdBuild) { change(&b.header) }
	}
	entry := func(i int, sector uint32) func(b *vhdBuild) {
		return func(b *vhdBuild) { b.bat[i] = sector }
	}
	return map[string]refusal{
		"both checksums":          {func(b *vhdBuild) { b.breakFooter = true }, "checksum of the footer"},
		"no footer at all":        {func(b *vhdBuild) { b.noCopy, b.noEnd = true, true }, "neither at the end nor at the start"},
		"differencing":            {both(func(f *vhdFooter) { f.Type = 4 }), "differencing"},
		"type 0":                  {both(func(f *vhdFooter) { f.Type = 0 }), "disk type 0"},
		"type 5":                  {both(func(f *vhdFooter) { f.Type = 5 }), "disk type 5"},
		"version 0":               {both(func(f *vhdFooter) { f.Version = 0 }), "version 0.0"},
		"version 2":               {both(func(f *vhdFooter) { f.Version = 2 << 16 }), "version 2.0"},
		"size above 2040 GiB":     {both(func(f *vhdFooter) { f.CurrentSize = vhdMaxSize + 512 }), "2040 GiB"},
		"size of 2^64-512":        {both(func(f *vhdFooter) { f.CurrentSize = 1<<64 - 512 }), "is no disk's"},
		"odd size":                {both(func(f *vhdFooter) { f.CurrentSize++ }), "multiple of 512"},
		"a fixed disk too long":   {both(func(f *vhdFooter) { f.Type, f.CurrentSize = 2, 1<<40 }), "before its footer"},
		"footers of two sizes":    {func(b *vhdBuild) { b.copied.CurrentSize -= 512 }, "contradict"},
		"footers of two types":    {func(b *vhdBuild) { b.copied.Type = 4 }, "contradict"},
		"footers of two headers":  {func(b *vhdBuild) { b.copied.DataOffset = 1024 }, "contradict"},
		"a fixed copy, no footer": {func(b *vhdBuild) { b.copied.Type, b.noEnd = 2, true }, "ends without a footer"},

		"header behind the end": {func(b *vhdBuild) { b.footer.DataOffset, b.noCopy = 1<<40, true }, "behind the end"},
		"header at 2^64-1":      {func(b *vhdBuild) { b.footer.DataOffset, b.noCopy = vhdNone, true }, "behind the end"},
		"header in the footer":  {func(b *vhdBuild) { b.footer.DataOffset, b.noCopy = 511, true }, "in the copy of the footer"},
		"header at no sector":   {func(b *vhdBuild) { b.footer.DataOffset, b.noCopy = 513, true }, "start of a sector"},
		"header is none":        {func(b *vhdBuild) { b.footer.DataOffset, b.noCopy = 1024, true }, "does not begin with"},
		"header cookie":         {header(func(h *vhdHeader) { h.Cookie[0]++ }), "does not begin with"},
		"header checksum":       {func(b *vhdBuild) { b.breakHeaderByte = 900 }, "checksum of the header"},
		"header version":        {header(func(h *vhdHeader) { h.Version = 2 << 16 }), "version 2.0 of the header"},
		"block size 0":          {header(func(h *vhdHeader) { h.BlockSize = 0 }), "block size 0"},
		"block size 3 MiB":      {header(func(h *vhdHeader) { h.BlockSize = 3 << 20 }), "power of two"},
		"block size 256":        {header(func(h *vhdHeader) { h.BlockSize = 256 }), "power of two"},
		"block size 512 MiB":    {header(func(h *vhdHeader) { h.BlockSize = 512 << 20 }), "power of two"},
		"blocks too many": {func(b *vhdBuild) {
			b.both(func(f *vhdFooter) { f.CurrentSize = 3 << 30 })
			b.header.BlockSize, b.header.MaxEntries = 512, 6<<20
		}, "6291456 blocks is not read"},
		"BAT too short":             {header(func(h *vhdHeader) { h.MaxEntries = 2 }), "2 entries, and the disk 3 blocks"},
		"BAT of no entries":         {header(func(h *vhdHeader) { h.MaxEntries = 0 }), "0 entries"},
		"BAT too long for the file": {header(func(h *vhdHeader) { h.MaxEntries = 1<<32 - 1 }), "behind the end"},
		"BAT in the header":         {func(b *vhdBuild) { b.breakBAT(1024) }, "in the header"},
		"BAT ends in the header": {func(b *vhdBuild) {
			b.both(func(f *vhdFooter) { f.DataOffset = 1024 })
			b.header.TableOffset, b.header.MaxEntries = 512, 129
		}, "in the header"},
		"BAT in the footer":  {func(b *vhdBuild) { b.breakBAT(0) }, "in the copy of the footer"},
		"BAT at no sector":   {func(b *vhdBuild) { b.breakBAT(1540) }, "start of a sector"},
		"BAT at 2^64-4":      {func(b *vhdBuild) { b.breakBAT(1<<64 - 4) }, "behind the end"},
		"BAT at 2^63":        {func(b *vhdBuild) { b.breakBAT(1 << 63) }, "behind the end"},
		"BAT in end footer":  {func(b *vhdBuild) { b.breakBAT(uint64(len(b.file()) - 512)) }, "behind the end"},
		"entry 0":            {entry(1, 0), "block 1 at byte 0 lies in the tables"},
		"entry in header":    {entry(1, 2), "in the tables"},
		"entry in BAT":       {entry(1, 3), "in the tables"},
		"same entry":         {func(b *vhdBuild) { b.bat[1] = b.bat[2] }, "block 2 at byte 10752 lies in block 1"},
		"entries that cross": {func(b *vhdBuild) { b.bat[1] = b.bat[0] + 1 }, "block 1 at byte 2560 lies in block 0"},
		"entry in bitmap":    {func(b *vhdBuild) { b.bat[1] = b.bat[2] - 1 }, "lies in block"},
		"entry far behind":   {entry(1, 1<<32-2), "behind the end"},
		"last sector gone":   {func(b *vhdBuild) { b.end = int64(len(b.file()) - 512 - 512) }, "behind the end"},
		"only tables left":   {func(b *vhdBuild) { b.end, b.noEnd = 2048, true }, "behind the end"},
		"header cut":         {func(b *vhdBuild) { b.end, b.noEnd = 1024, true }, "behind the end"},
		"BAT cut":            {func(b *vhdBuild) { b.end, b.noEnd = 1536, true }, "behind the end"},
	}
}

// breakBAT says that the BAT is at off, where it is not written.
func (b *vhdBuild) breakBAT(off uint64) {
	good := b.file()
	b.header.TableOffset = off
	header := b.header.bytes()
	b.header.TableOffset = 1536
	b.rest, b.restAt = append(header, good[1536:2048]...), 512
}

func TestVHDRefused(t *testing.T) {
	for name, tt := range vhdRefusals() {
		t.Run(name, func(t *testing.T) {
			b := buildVHD(20<<10, 8<<10)
			tt.change(b)
			file := b.file()
			before := allocated()
			d, err := Open(bytes.NewReader(file), int64(len(file)), &OpenOptions{Format: VHD})
			if used := allocated() - before; used > 1<<20 {
				t.Errorf("opening takes %d bytes", used)
			}
			checkRefused(t, d, err, file)
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v: want %q", err, tt.want)
			}
		})
	}
}

// What is odd is read, with a warning or a complaint of Check, or without.
func TestVHDOddities(t *testing.T) {
	tests := map[string]struct {
		change  func(b *vhdBuild)
		warning string
		check   string
	}{
		"good":                   {func(*vhdBuild) {}, "", ""},
		"footer of 511 bytes":    {func(b *vhdBuild) { b.short = true }, "", ""},
		"BAT longer than needed": {func(b *vhdBuild) { b.longer(vhdUnused) }, "", ""},
		"surplus entry used":     {func(b *vhdBuild) { b.longer(7) }, "", "block 3 is used"},
		"footer missing":         {func(b *vhdBuild) { b.noEnd = true }, "at the end is missing", "at the end is missing"},
		"copy missing":           {func(b *vhdBuild) { b.noCopy = true }, "at the start is missing", "copy of the footer is missing"},
		"copies differ":          {func(b *vhdBuild) { b.copied.UUID[3]++ }, "", "byte 67: the copy of the footer differs"},
		"saved state":            {func(b *vhdBuild) { b.both(func(f *vhdFooter) { f.Saved = 1 }) }, "suspended", ""},
		"saved state of 7":       {func(b *vhdBuild) { b.both(func(f *vhdFooter) { f.Saved = 7 }) }, "suspended", "neither 0 nor 1"},
		"temporary":              {func(b *vhdBuild) { b.both(func(f *vhdFooter) { f.Features = 3 }) }, "temporary", ""},
		"no features":            {func(b *vhdBuild) { b.both(func(f *vhdFooter) { f.Features = 0 }) }, "", "lack the bit"},
		"unknown features":       {func(b *vhdBuild) { b.both(func(f *vhdFooter) { f.Features = 6 }) }, "", "not all known"},
		"version 1.1":            {func(b *vhdBuild) { b.both(func(f *vhdFooter) { f.Version++ }) }, "", "is not 1.0"},
		"UUID zero":              {func(b *vhdBuild) { b.both(func(f *vhdFooter) { f.UUID = [16]byte{} }) }, "UUID is zero", ""},
		"reserved byte":          {func(b *vhdBuild) { b.both(func(f *vhdFooter) { f.Reserved[9] = 1 }) }, "", "reserved byte is not zero"},
		"hidden, and not Xen's":  {func(b *vhdBuild) { b.both(func(f *vhdFooter) { f.Hidden = 1 }) }, "", "reserved byte is not zero"},
		"future":                 {func(b *vhdBuild) { b.both(func(f *vhdFooter) { f.Time = 1<<32 - 1 }) }, "", "in the future"},
		"local time": {func(b *vhdBuild) {
			b.both(func(f *vhdFooter) { f.Time = vhdTime(time.Now().Add(13 * time.Hour)) })
		}, "", ""},
		"geometry too large": {func(b *vhdBuild) { b.both(func(f *vhdFooter) { f.Geometry.Cylinders++ }) }, "too large", ""},
		"geometry of qemu's": {func(b *vhdBuild) {
			b.both(func(f *vhdFooter) { f.Creator, f.Geometry = [4]byte([]byte("vpc ")), geometryOf(vhdMaxSize) })
		}, "too large", ""},
		"geometry too small": {func(b *vhdBuild) {
			b.both(func(f *vhdFooter) { f.Creator = [4]byte([]byte("vpc ")) })
		}, "geometry is of", ""},
		"creator does not print": {func(b *vhdBuild) { b.both(func(f *vhdFooter) { f.Creator = [4]byte{27, '[', 0xff, 0} }) }, `"["`, ""},
		"next header":            {func(b *vhdBuild) { b.header.Next = 0 }, "", "another follows"},
		"next of 32 bits":        {func(b *vhdBuild) { b.header.Next = 1<<32 - 1 }, "", ""},
		"parent":                 {func(b *vhdBuild) { b.header.Parent[600] = 1 }, "", "byte 1152: the header names a parent"},
		"reserved in header":     {func(b *vhdBuild) { b.header.Reserved[0] = 1 }, "", "byte 1280: a reserved byte"},
		"header version 1.1":     {func(b *vhdBuild) { b.header.Version++ }, "", "of the header is not 1.0"},
		"a gap before the data":  {func(b *vhdBuild) { b.end = int64(len(b.file())) + 1<<20 }, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := buildVHD(20<<10+512, 8<<10)
			tt.change(b)
			d := openVHDBytes(t, b.file())
			checkContent(t, d, b.content())
			if got := strings.Join(d.Info().Warnings, "; "); !strings.Contains(got, tt.warning) || tt.warning == "" && got != "" {
				t.Errorf("warnings %q, want %q", got, tt.warning)
			}
			err := d.Check(t.Context())
			if tt.check == "" && err != nil || tt.check != "" && (!errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), tt.check)) {
				t.Errorf("check: %v, want %q", err, tt.check)
			}
		})
	}
}

// longer gives the BAT more entries than the disk needs; one of them is last.
func (b *vhdBuild) longer(last uint32) {
	b.header.MaxEntries += 5
	b.bat = append(b.bat, last, vhdUnused, vhdUnused, vhdUnused, vhdUnused)
}

func checkContent(t *testing.T, d *Disk, want []byte) {
	t.Helper()
	got, err := io.ReadAll(io.NewSectionReader(d, 0, d.Size()+1))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the content is another, or ends with %v", err)
	}
}

// A file that was cut anywhere is refused, or read rightly: without its footer it is complete.
func TestVHDTruncated(t *testing.T) {
	b := buildVHD(32<<10, 8<<10)
	file, want := b.file(), b.content()
	for n := range len(file) {
		d, err := Open(bytes.NewReader(file[:n]), int64(n), &OpenOptions{Format: VHD})
		if err == nil {
			if n < len(file)-vhdFooterSize {
				t.Errorf("accepted with %d of %d bytes", n, len(file))
			}
			checkContent(t, d, want)
			if len(d.Info().Warnings) == 0 && n != len(file)-1 { // then it is a footer of 511 bytes
				t.Errorf("%d of %d bytes give no warning", n, len(file))
			}
		}
	}
}
