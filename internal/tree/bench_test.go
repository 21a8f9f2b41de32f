package tree

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"amiforge/internal/oracle"
)

// manyFiles makes 50,000 files of 0 to 8 KiB in 500 directories.
func manyFiles(b *testing.B) string {
	root := b.TempDir()
	p := bytes.Repeat([]byte("some text to have\n"), 500)
	for i := range 500 {
		dir := filepath.Join(root, fmt.Sprintf("dir%d", i))
		if err := os.Mkdir(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		for j := range 100 {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%d", j)), p[:(i*100+j)*31%8192], 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	return root
}

func drain(b *testing.B, src Source, err error) {
	if err != nil {
		b.Fatal(err)
	}
	defer src.Close()
	n := 0
	var size int64
	for {
		item, err := src.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		if n++; item.Content != nil {
			read, _ := io.Copy(io.Discard, item.Content)
			size += read
		}
	}
	if n < 50_500 {
		b.Fatalf("%d items", n)
	}
	b.SetBytes(size)
}

func BenchmarkDir(b *testing.B) {
	root := manyFiles(b)
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			src, err := OpenDir(b.Context(), root, nil)
			drain(b, src, err)
		}
	})
	b.Run("filtered", func(b *testing.B) {
		s, err := NewSelection([]string{"/mnt", "/tmp", "*.iso"}, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			src, err := OpenDir(b.Context(), root, &DirOptions{OneFileSystem: true, Skip: s.Skip})
			drain(b, FilterSecrets(Exclude(src, s), nil), err)
		}
	})
}

func BenchmarkArchive(b *testing.B) {
	root := manyFiles(b)
	for _, format := range []string{"--format=gnu", "--format=posix", "--gzip", "--zstd", "--xz"} {
		path := filepath.Join(b.TempDir(), "root.tar")
		oracle.Run(b, "tar", format, "-C", root, "-cf", path, ".")
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f, err := os.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				src, err := OpenArchive(b.Context(), f, path, nil)
				drain(b, src, err)
				f.Close()
			}
		})
	}
}
