package bundle

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"

	"amiforge/internal/sparse"
)

const benchSize = 32 << 20

func BenchmarkDeflate(b *testing.B) {
	plain := noise(benchSize, 1)
	for _, level := range []int{1, 6, 8} {
		b.Run(fmt.Sprint("level", level), func(b *testing.B) {
			b.SetBytes(benchSize)
			b.ReportAllocs()
			for b.Loop() {
				w := newGzipWriter(io.Discard, level, runtime.GOMAXPROCS(0))
				if _, err := w.Write(plain); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkInflate(b *testing.B) {
	plain := noise(benchSize, 1)
	for name, packed := range map[string][]byte{"ours": ourGzip(b, plain), "foreign": gzipped(b, plain)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(benchSize)
			b.ReportAllocs()
			for b.Loop() {
				z := newGzipReader(bytes.NewReader(packed), runtime.GOMAXPROCS(0))
				if _, err := io.Copy(io.Discard, z); err != nil {
					b.Fatal(err)
				}
				z.Close()
			}
		})
	}
}

func BenchmarkCBC(b *testing.B) {
	key, plain := contentKey(b), noise(benchSize, 1)
	b.Run("encrypt", func(b *testing.B) {
		b.SetBytes(benchSize)
		b.ReportAllocs()
		for b.Loop() {
			w := newCBCWriter(io.Discard, key)
			if _, err := w.Write(plain); err != nil {
				b.Fatal(err)
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	crypt := encrypted(b, plain, key)
	b.Run("decrypt", func(b *testing.B) {
		b.SetBytes(benchSize)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := io.Copy(io.Discard, newCBCReader(bytes.NewReader(crypt), key)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkScan(b *testing.B) {
	for name, p := range map[string][]byte{"data": noise(benchSize, 1), "zeros": make([]byte, benchSize)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(benchSize)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := sparse.Scan[Extent](context.Background(), bytes.NewReader(p), benchSize, extentAlign); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The header of the largest map that we write, and read.
func BenchmarkTarMap(b *testing.B) {
	extents := everyOther(maxMap, 128<<10, 4096)
	header := tarHeader("image", maxMap*128<<10, extents)
	b.Run("write", func(b *testing.B) {
		b.SetBytes(int64(len(header)))
		b.ReportAllocs()
		for b.Loop() {
			tarHeader("image", maxMap*128<<10, extents)
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(len(header)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := readTarHeader(bytes.NewReader(header)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCreate(b *testing.B) {
	plain, opts := noise(2*benchSize, 1), testOptions()
	b.SetBytes(2 * benchSize)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Create(b.Context(), newMemStore(), NewImage(bytes.NewReader(plain), 2*benchSize, nil), opts); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExtract(b *testing.B) {
	st := newMemStore()
	if _, err := Create(b.Context(), st, NewImage(bytes.NewReader(noise(2*benchSize, 1)), 2*benchSize, nil), testOptions()); err != nil {
		b.Fatal(err)
	}
	bundle := openMem(b, st)
	b.SetBytes(2 * benchSize)
	b.ReportAllocs()
	for b.Loop() {
		if err := bundle.Extract(b.Context(), discard{}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
