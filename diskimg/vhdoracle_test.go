package diskimg

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/internal/oracle"
)

// What we write, qemu-img and libvhdi read.
func TestVHDInOracles(t *testing.T) {
	for name, content := range vhdContents() {
		if len(content) < 5<<20 && !strings.Contains(name, "of data") {
			continue // each costs several processes
		}
		for _, way := range vhdWays() {
			t.Run(way.name+"/"+name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "disk.vhd")
				if err := os.WriteFile(path, way.write(t, content), 0o600); err != nil {
					t.Fatal(err)
				}
				checkInQemu(t, path, writeRaw(t, content), int64(len(content)))
				size, sum := secondReader(t, "pyvhdi", path)
				if want := sha256.Sum256(content); size != int64(len(content)) || sum != hex.EncodeToString(want[:]) {
					t.Errorf("libvhdi reads %d bytes, sha256 %s; want %d, %x", size, sum, len(content), want)
				}
			})
		}
	}
}

func writeRaw(tb testing.TB, content []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "disk.raw")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// checkInQemu checks that qemu-img sees in the image at path a disk of size bytes and, unless raw is empty, the
// content of that file.
func checkInQemu(tb testing.TB, path, raw string, size int64) {
	tb.Helper()
	var info struct {
		Size int64 `json:"virtual-size"`
	}
	out := oracle.Run(tb, "qemu-img", "info", "-f", "vpc", "--output=json", path)
	if err := json.Unmarshal(out, &info); err != nil || info.Size != size {
		tb.Errorf("qemu-img sees %d bytes, want %d, %v", info.Size, size, err)
	}
	if raw != "" {
		oracle.Run(tb, "qemu-img", "compare", "-f", "vpc", "-F", "raw", path, raw)
	}
}

// Large and sparse disks, and one of no length, as far as the others take them.
func TestVHDSparseInOracles(t *testing.T) {
	tests := []struct {
		way  vhdWay
		size int64
	}{
		{vhdWays()[1], 0},
		{vhdWays()[2], 0},
		{vhdWays()[0], 127 << 30},
		{vhdWays()[1], 127 << 30},
		{vhdWays()[2], 127 << 30},
		{vhdWays()[1], 2040 << 30},
		{vhdWays()[2], 2040 << 30},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.way.name, "/", tt.size), func(t *testing.T) {
			raw := sparseRaw(t, tt.size)
			d, err := OpenFile(raw, &OpenOptions{Format: RAW})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			path := writeVHDFile(t, d, tt.way.options(t, d))
			checkInQemu(t, path, raw, tt.size)
			if tt.size > 0 {
				oracle.Run(t, "vhdiinfo", path)
			}
			sameAsRaw(t, path, VHD, raw)
		})
	}
}

// sparseRaw makes a RAW file of size bytes with some data at its start, in the middle and at its end.
func sparseRaw(t *testing.T, size int64) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "disk.raw"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		oracle.Skipf(t, "no file of that length can be made here: %v", err)
	}
	for _, off := range []int64{0, size / 2, size - 5000} {
		if size == 0 {
			break
		}
		if _, err := f.WriteAt(noise(5000, 1), off); err != nil {
			t.Fatal(err)
		}
	}
	return f.Name()
}

// What qemu-img writes, we read.
func TestVHDFromQemu(t *testing.T) {
	contents := vhdContents()
	for _, name := range []string{"islands", "3 sectors of data", "5 MiB of data", "odd of data", "alternating", "5 MiB of zeros"} {
		for _, subformat := range []string{"dynamic", "fixed"} {
			for _, force := range []string{"off", "on"} {
				t.Run(fmt.Sprintf("%s/%s/force_size=%s", name, subformat, force), func(t *testing.T) {
					raw := writeRaw(t, contents[name])
					path := filepath.Join(t.TempDir(), "disk.vhd")
					oracle.Run(t, "qemu-img", "convert", "-f", "raw", "-O", "vpc",
						"-o", "subformat="+subformat+",force_size="+force, raw, path)
					sameAsRaw(t, path, VHD, raw)
					d, err := OpenFile(path, nil)
					if err != nil {
						t.Fatal(err)
					}
					defer d.Close()
					if err := d.Check(t.Context()); err != nil {
						t.Errorf("check: %v", err)
					}
					if size := int64(len(contents[name])); d.Size() < size || force == "on" && d.Size() != size {
						t.Errorf("%d bytes, want %d", d.Size(), size)
					}
				})
			}
		}
	}
}

func TestVHDCreatedByQemu(t *testing.T) {
	for _, size := range []int64{0, 512, 127 << 30, 2040 << 30} {
		path := filepath.Join(t.TempDir(), "disk.vhd")
		oracle.Run(t, "qemu-img", "create", "-q", "-f", "vpc", "-o", "force_size=on", path, fmt.Sprint(size))
		d, err := OpenFile(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if i := d.Info(); d.Size() != size || i.Allocated != 0 || i.Creator != "qem2" {
			t.Errorf("want %d bytes: %+v", size, i)
		}
	}
}

// What we make of images of other makings, libvhdi makes of them, too. (Of each byte of a bitmap it understands
// only the zeros in front: it does not mask the bit that it looks at.)
func TestVHDBuildsInSecondReader(t *testing.T) {
	for _, blockSize := range []uint32{512 << 10, 1 << 20, 2 << 20, 4 << 20} {
		t.Run(fmt.Sprint(blockSize), func(t *testing.T) {
			b := buildVHD(3*int64(blockSize)+512, blockSize)
			for _, sector := range []int{0, 8, 9, 10, 104} {
				b.clearBit(sector)
			}
			file := b.file()
			path := filepath.Join(t.TempDir(), "disk.vhd")
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			d := openVHDBytes(t, file)
			want, err := contentSum(t, d)
			if err != nil {
				t.Fatal(err)
			}
			if size, sum := secondReader(t, "pyvhdi", path); size != d.Size() || sum != want {
				t.Errorf("libvhdi reads %d bytes, and others", size)
			}
		})
	}
}

// A fixed disk of no length is not written because qemu-img, which does write it, does not read it.
func TestVHDOfNoLengthInQemu(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.vhd")
	oracle.Run(t, "qemu-img", "create", "-q", "-f", "vpc", "-o", "subformat=fixed", path, "0")
	if err := exec.Command(oracle.Look(t, "qemu-img"), "info", "-f", "vpc", path).Run(); err == nil {
		t.Error("qemu-img reads it now")
	}
	d, err := OpenFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Size() != 0 {
		t.Errorf("%d bytes", d.Size())
	}
}
