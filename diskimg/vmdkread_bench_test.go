package diskimg

import (
	"bytes"
	"io"
	"testing"
)

// BenchmarkReadStream reads a streamOptimized disk of text, which inflates as disks of systems do.
func BenchmarkReadStream(b *testing.B) { benchmarkRead(b, StreamOptimized) }

// BenchmarkReadSparse reads a monolithicSparse disk: the cost of the tables.
func BenchmarkReadSparse(b *testing.B) { benchmarkRead(b, MonolithicSparse) }

func benchmarkRead(b *testing.B, subformat Subformat) {
	content := bytes.Repeat(noise(3000, 1), 16<<20/3000)
	content = append(content, make([]byte, SectorSize-len(content)%SectorSize)...)
	target := &memTarget{t: b}
	opts := &CreateOptions{Format: VMDK, Subformat: subformat, Map: []Extent{{0, int64(len(content))}}}
	if err := Copy(b.Context(), target, openBytes(b, content), opts); err != nil {
		b.Skip(err)
	}
	d, err := Open(bytes.NewReader(target.b), int64(len(target.b)), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		r := d.NewReader(b.Context())
		var err error
		for err == nil {
			_, _, err = r.chunk()
		}
		if r.Close(); err != io.EOF {
			b.Fatal(err)
		}
	}
}
