package ext4

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkWriteSmall writes 50,000 files of 3 KiB on average, as a root volume has them, into a file.
func BenchmarkWriteSmall(b *testing.B) {
	const files = 50_000
	content := noise(6<<10, 1)
	f, err := os.Create(filepath.Join(b.TempDir(), "root.ext4"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	b.SetBytes(files * int64(len(content)) / 2)
	b.ReportAllocs()
	for b.Loop() {
		if err := f.Truncate(0); err != nil {
			b.Fatal(err)
		}
		w, err := Create(f, testOptions(0))
		if err != nil {
			b.Fatal(err)
		}
		r := bytes.NewReader(nil)
		for i := range files {
			p := content[:i*7919%len(content)]
			r.Reset(p)
			if err := w.Add(&Entry{Name: fmt.Sprintf("usr/share/d%d/file%d", i/100, i), Mode: 0o644, Size: int64(len(p))}, r); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := w.Finish(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWriteLarge writes one file of 256 MiB.
func BenchmarkWriteLarge(b *testing.B) {
	content := bytes.Repeat(noise(1<<20, 1), 256)
	f, err := os.Create(filepath.Join(b.TempDir(), "root.ext4"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		w, err := Create(f, testOptions(0))
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Add(&Entry{Name: "f", Mode: 0o644, Size: int64(len(content))}, bytes.NewReader(content)); err != nil {
			b.Fatal(err)
		}
		if _, err := w.Finish(); err != nil {
			b.Fatal(err)
		}
	}
}
