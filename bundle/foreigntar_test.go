package bundle

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/internal/oracle"
)

// gnuFormats are the archives that GNU tar writes of a file, by its options.
var gnuFormats = [][]string{
	{"--format=gnu"},
	{"--format=gnu", "-S"},
	{"--format=oldgnu"},
	{"--format=oldgnu", "-S"},
	{"--format=posix"},
	{"--format=posix", "-S", "--sparse-version=0.0"},
	{"--format=posix", "-S", "--sparse-version=0.1"},
	{"--format=posix", "-S", "--sparse-version=1.0"},
	{"--format=posix", "-S", "--sparse-version=1.0", "--xattrs"},
	{"--format=posix", "--pax-option=globexthdr.name=global,comment=hello"},
	{"--format=ustar"},
	{"--format=v7"},
	{"--format=gnu", "-S", "-b", "1"},
	{"--format=gnu", "-S", "-b", "2048"},
	{"--format=gnu", "-S", "--hole-detection=raw"},
}

func TestReadGNUTar(t *testing.T) {
	const k, m = 1 << 10, 1 << 17
	for name, path := range map[string]string{
		"dense":           sparseFile(t, 100*k+5, Extent{0, 100*k + 5}),
		"tiny":            sparseFile(t, 1, Extent{0, 1}),
		"one hole":        sparseFile(t, m),
		"one odd hole":    sparseFile(t, m+7),
		"hole at the end": sparseFile(t, 4*m+9, Extent{0, 9 * k}),
		"hole in front":   sparseFile(t, 4*m+9, Extent{3 * m, m + 9}),
		"4 extents":       sparseFile(t, 4*m, everyOther(4, m, 8*k)...),
		"26 extents":      sparseFile(t, 26*m+100, everyOther(26, m, 8*k)...),
		"300 extents":     sparseFile(t, 300*8*k, everyOther(300, 8*k, 4*k)...),
	} {
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, options := range gnuFormats {
			t.Run(name+" "+strings.Join(options, " "), func(t *testing.T) {
				args := append(options, "-C", filepath.Dir(path), "-cf", "-", filepath.Base(path))
				archive := oracle.Run(t, "tar", args...)
				got, err := foreign{tar: archive, size: int64(len(want))}.extract(t)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("the image differs: %v", err)
				}
			})
		}
	}
}

// Names that are too long for a header, and one that is in a folder that is no folder.
func TestReadGNUTarNames(t *testing.T) {
	content := noise(5000, 30)
	for _, name := range []string{strings.Repeat("n", 100), strings.Repeat("n", 101), strings.Repeat("n", 255), "a b;'\"&", "日本"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{"gnu", "posix"} {
			for _, prefix := range []string{"", "./"} {
				archive := oracle.Run(t, "tar", "--format="+format, "-C", dir, "-cf", "-", prefix+name)
				got, err := foreign{tar: archive, size: 5000}.extract(t)
				if err != nil || !bytes.Equal(got, content) {
					t.Errorf("%s %.20s (%d bytes): %v", format, prefix+name, len(name), err)
				}
			}
		}
	}
}

// Maps of so many extents that archive/tar would not read them. The data is written by us, the archive by GNU tar.
func TestReadLargeMaps(t *testing.T) {
	const count, step = 100_000, 8 << 10
	path := filepath.Join(t.TempDir(), "disk.raw")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := range int64(count) {
		if _, err := fmt.Fprint(f, i); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Seek((i+1)*step, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(count * step); err != nil {
		t.Fatal(err)
	}
	for _, options := range [][]string{
		{"--format=gnu"},
		{"--format=posix", "--sparse-version=0.0"},
		{"--format=posix", "--sparse-version=0.1"},
		{"--format=posix", "--sparse-version=1.0"},
	} {
		t.Run(strings.Join(options, " "), func(t *testing.T) {
			archive := filepath.Join(t.TempDir(), "image.tar")
			oracle.Run(t, "tar", append(options, "-S", "-C", filepath.Dir(path), "-cf", archive, "disk.raw")...)
			wantLargeMap(t, archive, count, step)
		})
	}
}

func wantLargeMap(t *testing.T, archive string, count int, step int64) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := readTarHeader(f)
	if err != nil {
		t.Fatal(err)
	}
	if m.size != int64(count)*step || len(m.extents) != count {
		t.Fatalf("%d bytes in %d extents, want %d", m.size, len(m.extents), count)
	}
	block := make([]byte, m.extents[0].Length)
	for i, e := range m.extents {
		if _, err := f.Read(block); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprint(i)
		if e.Offset != int64(i)*step || string(block[:len(want)+1]) != want+"\x00" {
			t.Fatalf("extent %d at %d holds %.10q", i, e.Offset, block)
		}
	}
	if err := readTarEnd(f, m.stored); err != nil {
		t.Error(err)
	}
}

func TestReadPythonTar(t *testing.T) {
	const script = `
import sys, tarfile
for name in sys.argv[2:]:
    for format in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        with tarfile.open(f"{sys.argv[1]}/{format}-{name}.tar", "w", format=format) as t:
            t.add(f"{sys.argv[1]}/{name}", arcname=name)
`
	dir, content := t.TempDir(), noise(5000, 31)
	names := []string{"image", strings.Repeat("n", 90), strings.Repeat("n", 150), "größe"}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	names = append(names[:2:2], names[3]) // ustar has no room for the long one
	oracle.Run(t, "python3", append([]string{"-c", script, dir}, names...)...)
	long := strings.Replace(script, "tarfile.USTAR_FORMAT, ", "", 1)
	oracle.Run(t, "python3", "-c", long, dir, strings.Repeat("n", 150))
	archives, err := filepath.Glob(filepath.Join(dir, "*.tar"))
	if err != nil || len(archives) != 11 {
		t.Fatalf("%d archives: %v", len(archives), err)
	}
	for _, archive := range archives {
		p, err := os.ReadFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		got, err := foreign{tar: p, size: 5000}.extract(t)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%.30s: %v", filepath.Base(archive), err)
		}
	}
}

// Whatever compressed it.
func TestReadForeignGzip(t *testing.T) {
	image := noise(3*mib+77, 32)
	archive := ourTar(t, image)
	packers := [][]string{
		{"pigz", "-c"},
		{"pigz", "-cn"},
		{"pigz", "-cni"},
		{"pigz", "-cni", "-b", "1024"},
		{"pigz", "-cni", "-b", "4096"},
		{"pigz", "-cn0"},
		{"pigz", "-cn1"},
		{"pigz", "-cnR"},
		{"pigz", "-cni", "-p", "1"},
		{"gzip", "-cn"},
		{"gzip", "-cn", "--rsyncable"},
		{"gzip", "-c1"},
		{"gzip", "-c2"},
		{"gzip", "-c3"},
		{"gzip", "-c4"},
		{"gzip", "-c5"},
		{"gzip", "-c6"},
		{"gzip", "-c7"},
		{"gzip", "-c8"},
		{"gzip", "-c9"},
	}
	for _, packer := range packers {
		t.Run(strings.Join(packer, " "), func(t *testing.T) {
			got, err := foreign{tar: archive, gz: pipe(t, archive, packer[0], packer[1:]...), size: int64(len(image))}.extract(t)
			if err != nil || !bytes.Equal(got, image) {
				t.Errorf("the image differs: %v", err)
			}
		})
	}
	cut := len(archive) / 3
	for name, gz := range map[string][]byte{
		"ours":                 ourGzip(t, archive),
		"two members":          append(gzipped(t, archive[:cut]), gzipped(t, archive[cut:])...),
		"two of ours":          append(ourGzip(t, archive[:cut]), ourGzip(t, archive[cut:])...),
		"ours, then gzip":      append(ourGzip(t, archive[:cut]), gzipped(t, archive[cut:])...),
		"gzip, then ours":      append(gzipped(t, archive[:cut]), ourGzip(t, archive[cut:])...),
		"ours, an empty one":   append(ourGzip(t, archive), ourGzip(t, nil)...),
		"an empty one, a name": append(pipe(t, nil, "gzip", "-c"), gzipped(t, archive)...),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := foreign{tar: archive, gz: gz, size: int64(len(image))}.extract(t)
			if err != nil || !bytes.Equal(got, image) {
				t.Errorf("the image differs: %v", err)
			}
		})
	}
}
