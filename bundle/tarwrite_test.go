package bundle

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amiforge/internal/oracle"
	"amiforge/internal/sparse"
)

// tarMaps are images that exercise the header: the numbers of entries around 4 and 4+21, the ends, base 256.
func tarMaps() []struct {
	name    string
	size    int64
	extents []Extent
} {
	const k, m, g = 1 << 10, 1 << 20, 1 << 30
	end := func(n int) int64 { return int64(n) * 128 * k } // everyOther ends in a hole there
	return []struct {
		name    string
		size    int64
		extents []Extent
	}{
		{"dense byte", 1, []Extent{{0, 1}}},
		{"dense", 3*m + 77, []Extent{{0, 3*m + 77}}},
		{"one hole", m, nil},
		{"one odd hole", m + 13, nil},
		{"hole at the end", m, []Extent{{0, 64 * k}}},
		{"odd hole at the end", m + 1, []Extent{{0, 64 * k}}},
		{"odd data at the end", m + 13, []Extent{{64 * k, m + 13 - 64*k}}},
		{"odd data before a hole", m, []Extent{{0, 100}}},
		{"hole in front", m, []Extent{{960 * k, 64 * k}}},
		{"3 extents", end(3), everyOther(3, 128*k, 4*k)},
		{"4 extents", end(4), everyOther(4, 128*k, 4*k)},
		{"4 extents to the end", end(3) + 4*k, everyOther(4, 128*k, 4*k)},
		{"5 extents", end(5), everyOther(5, 128*k, 4*k)},
		{"24 extents", end(24), everyOther(24, 128*k, 4*k)},
		{"25 extents", end(25), everyOther(25, 128*k, 4*k)},
		{"25 extents to the end", end(24) + 4*k, everyOther(25, 128*k, 4*k)},
		{"26 extents", end(26), everyOther(26, 128*k, 4*k)},
		{"46 extents", end(46), everyOther(46, 128*k, 4*k)},
		{"47 extents", end(47), everyOther(47, 128*k, 4*k)},
		{"1000 extents", end(1000) + 5, everyOther(1000, 128*k, 4*k)},
		{"8 GiB less one", 8*g - 1, []Extent{{0, 4 * k}, {5 * g, 4 * k}}},
		{"8 GiB", 8 * g, []Extent{{0, 4 * k}, {8*g - 4*k, 4 * k}}},
		{"9 GiB", 9*g + 1, []Extent{{0, 4 * k}, {8 * g, 4 * k}, {8*g + 128*k, 4 * k}}},
		{"1 TiB", 1024 * g, []Extent{{512 * g, 8 * k}}},
		{"1 TiB to the end", 1024 * g, []Extent{{0, 4 * k}, {1024*g - 4*k, 4 * k}}},
	}
}

// tarOf writes an archive with noise in the extents, and returns the path of it and the noise.
func tarOf(t testing.TB, name string, size int64, extents []Extent) (path string, data []byte) {
	t.Helper()
	if extents == nil {
		extents = []Extent{}
	}
	data = noise(int(sparse.Length(extents)), uint64(size))
	path = filepath.Join(t.TempDir(), "image.tar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	im := NewImage(bytes.NewReader(data), size, extents)
	if err := im.checkMap(); err != nil {
		t.Fatal(err)
	}
	if err := writeTar(f, name, im); err != nil {
		t.Fatal(err)
	}
	return path, data
}

func gnuUntar(t *testing.T, archive, dir string) {
	t.Helper()
	oracle.Run(t, "tar", "-C", dir, "-xf", archive)
}

// pythonUntar unpacks many archives, each into the directory that follows it: Python takes long to start.
func pythonUntar(t *testing.T, archivesAndDirs ...string) {
	t.Helper()
	const script = "import sys,tarfile\nfor a,d in zip(sys.argv[1::2],sys.argv[2::2]): tarfile.open(a).extractall(d)"
	oracle.Run(t, "python3", append([]string{"-c", script}, archivesAndDirs...)...)
}

func TestTarAgainstOracles(t *testing.T) {
	for _, tt := range tarMaps() {
		t.Run(tt.name, func(t *testing.T) {
			archive, data := tarOf(t, "image", tt.size, tt.extents)
			dir := t.TempDir()
			gnuUntar(t, archive, dir)
			wantSparse(t, filepath.Join(dir, "image"), tt.size, tt.extents, data)
			wantGoTar(t, archive, tt.size, tt.extents, data)
			wantOurTar(t, archive, tt.size, tt.extents, data)
		})
	}
}

func TestTarAgainstPython(t *testing.T) {
	var args []string
	var data [][]byte
	for _, tt := range tarMaps() {
		archive, p := tarOf(t, "image", tt.size, tt.extents)
		args, data = append(args, archive, t.TempDir()), append(data, p)
	}
	pythonUntar(t, args...)
	for i, tt := range tarMaps() {
		t.Run(tt.name, func(t *testing.T) {
			wantSparse(t, filepath.Join(args[2*i+1], "image"), tt.size, tt.extents, data[i])
		})
	}
}

// wantSparse wants a file with this data in its extents, and no data where it has none.
func wantSparse(t *testing.T, path string, size int64, extents []Extent, data []byte) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() != size {
		t.Fatalf("%d bytes were restored, want %d", info.Size(), size)
	}
	got, err := io.ReadAll(&extentReader{ctx: t.Context(), src: f, extents: extents})
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("the data differs: %v", err)
	}
	there, err := sparse.Seek[Extent](f, size)
	if err != nil {
		t.Fatal(err)
	}
	if want := coalesce(extents, size, maxMap); there != nil && !slices.Equal(coalesce(there, size, maxMap), want) {
		t.Errorf("data is at %.10v, want %.10v", there, want)
	}
}

func wantGoTar(t *testing.T, path string, size int64, extents []Extent, data []byte) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := tar.NewReader(f)
	h, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if h.Size != size || h.Name != "image" {
		t.Errorf("%q of %d bytes, want %d", h.Name, h.Size, size)
	}
	if size < 1<<30 {
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(&extentReader{ctx: t.Context(), src: bytes.NewReader(content), extents: extents})
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("the data differs: %v", err)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("then %v, want io.EOF", err)
	}
}

func wantOurTar(t *testing.T, path string, size int64, extents []Extent, data []byte) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := readTarHeader(f)
	if err != nil {
		t.Fatal(err)
	}
	if m.name != "image" || m.size != size || !slices.Equal(m.extents, extents) {
		t.Errorf("%q of %d bytes with %.10v, want %d with %.10v", m.name, m.size, m.extents, size, extents)
	}
	got, err := io.ReadAll(io.LimitReader(f, m.stored))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("the data differs: %v", err)
	}
	if err := readTarEnd(f, m.stored); err != nil {
		t.Error(err)
	}
}

// The largest map that Create writes.
func TestTarLargestMap(t *testing.T) {
	extents := everyOther(maxMap-1, 68<<10, 512)
	const size = maxMap * 68 << 10
	archive, data := tarOf(t, "image", size, extents)
	dir := t.TempDir()
	gnuUntar(t, archive, dir)
	wantSparse(t, filepath.Join(dir, "image"), size, extents, data)
	wantOurTar(t, archive, size, extents, data)
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if h, err := tar.NewReader(f).Next(); err != nil || h.Size != size {
		t.Errorf("archive/tar: %v", err)
	}
}

func TestTarNames(t *testing.T) {
	for i, name := range []string{
		"a", "a b", `it's "quoted"`, "a;b&c<d>", "日本", strings.Repeat("n", 99), strings.Repeat("n", 100),
		strings.Repeat("n", 101), strings.Repeat("n", 240),
	} {
		t.Run(fmt.Sprintf("%.20s %d", name, len(name)), func(t *testing.T) {
			extents := []Extent{{0, 1000 - 488*int64(i%2)}} // dense, sparse
			archive, data := tarOf(t, name, 1000, extents)
			dir := t.TempDir()
			gnuUntar(t, archive, dir)
			wantSparse(t, filepath.Join(dir, name), 1000, extents, data)
			dir = t.TempDir()
			pythonUntar(t, archive, dir)
			wantSparse(t, filepath.Join(dir, name), 1000, extents, data)
			f, err := os.Open(archive)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if m, err := readTarHeader(f); err != nil || m.name != name {
				t.Errorf("ours: %v: %v", m, err)
			}
		})
	}
}

// GNU tar lists our archive without a word on stderr, and its length is a whole number of records.
func TestTarIsQuiet(t *testing.T) {
	for _, tt := range tarMaps() {
		archive, _ := tarOf(t, "image", tt.size, tt.extents)
		cmd := exec.Command(oracle.Look(t, "tar"), "-tvf", archive)
		out, err := cmd.CombinedOutput()
		if want := fmt.Sprintf("-rw-r--r-- 0/0 %15d 1970-01-01", tt.size); err != nil || strings.Count(string(out), "\n") != 1 ||
			!strings.Contains(strings.Join(strings.Fields(string(out)), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("%s: %v\n%s", tt.name, err, out)
		}
		if info, err := os.Stat(archive); err != nil || info.Size()%tarRecord != 0 {
			t.Errorf("%s: %d bytes: %v", tt.name, info.Size(), err)
		}
	}
}

func TestWriteTarErrors(t *testing.T) {
	short := NewImage(strings.NewReader("short"), 1000, nil)
	if err := writeTar(io.Discard, "image", short); err == nil || !strings.Contains(err.Error(), "image ends after 5 of 1000 bytes") {
		t.Errorf("an image that is too short: %v", err)
	}
	for _, n := range []int{0, 511, 512, 5000} {
		boom := io.ErrClosedPipe
		im := NewImage(bytes.NewReader(make([]byte, 5000)), 5000, nil)
		if err := writeTar(&limitWriter{n, boom}, "image", im); err != boom {
			t.Errorf("a writer that fails after %d bytes: %v", n, err)
		}
	}
}
