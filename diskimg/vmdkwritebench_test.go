package diskimg

import (
	"fmt"
	"os"
	"testing"
)

// A nullTarget takes everything.
type nullTarget struct{ n int64 }

func (t *nullTarget) WriteAt(p []byte, off int64) (int, error) {
	t.n += int64(len(p))
	return len(p), nil
}

func (t *nullTarget) Zero(off, n int64) error {
	t.n += n
	return nil
}

// program returns the running test's own program: machine code and tables, as disks hold it, in whole sectors.
func program(tb testing.TB) []byte {
	tb.Helper()
	path, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return content[:len(content)/SectorSize*SectorSize]
}

func BenchmarkWriteVMDK(b *testing.B) {
	options := map[string]*CreateOptions{"sparse": {Format: VMDK, Subformat: MonolithicSparse}}
	for _, level := range []int{1, 6, 8} {
		options[fmt.Sprintf("stream, level %d", level)] = &CreateOptions{Format: VMDK, Level: level}
	}
	disk := openBytes(b, program(b))
	for name, o := range options {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(disk.Size())
			b.ReportAllocs()
			for b.Loop() {
				target := new(nullTarget)
				if err := Copy(b.Context(), target, disk, o); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(target.n)/float64(disk.Size()), "ratio")
			}
		})
	}
}
