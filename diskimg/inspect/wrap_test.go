package inspect

import (
	"bytes"
	"io"
	"testing"

	"amiforge/diskimg"
	"amiforge/diskimg/partition"

	"github.com/google/go-cmp/cmp"
)

// A memory is a diskimg.Target.
type memory struct{ b []byte }

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	m.grow(off + int64(len(p)))
	return copy(m.b[off:], p), nil
}

func (m *memory) Zero(off, n int64) error {
	m.grow(off + n)
	clear(m.b[off:][:n])
	return nil
}

func (m *memory) grow(n int64) {
	if n > int64(len(m.b)) {
		m.b = append(m.b, make([]byte, n-int64(len(m.b)))...)
	}
}

// A bare file system that is wrapped on its way into an image is a partition in there.
func TestWrapIntoImage(t *testing.T) {
	content := ext4(t)
	for _, format := range []diskimg.Format{diskimg.RAW, diskimg.VHD, diskimg.VMDK} {
		for _, kind := range []partition.Kind{partition.MBR, partition.GPT} {
			t.Run(string(format)+" "+string(kind), func(t *testing.T) {
				bare, err := diskimg.Open(bytes.NewReader(content), int64(len(content)), nil)
				if err != nil {
					t.Fatal(err)
				}
				w, err := partition.Wrap(kind, bare.Size(), nil)
				if err != nil {
					t.Fatal(err)
				}
				r := bare.NewReader(t.Context())
				defer r.Close()
				target := &memory{}
				if err := diskimg.CopyFrom(t.Context(), target, w.Source(r), w.Size, &diskimg.CreateOptions{Format: format}); err != nil {
					t.Fatal(err)
				}
				disk, err := diskimg.Open(bytes.NewReader(target.b), int64(len(target.b)), &diskimg.OpenOptions{Format: format})
				if err != nil {
					t.Fatal(err)
				}
				checkWrapped(t, disk, content)
			})
		}
	}
}

func checkWrapped(t *testing.T, disk *diskimg.Disk, content []byte) {
	t.Helper()
	report, err := Disk(disk, disk.Size())
	if err != nil || len(report.Partitions) != 1 || len(report.Warnings) != 0 {
		t.Fatalf("got %+v, %v", report, err)
	}
	p := report.Partitions[0]
	if diff := cmp.Diff(ext4FileSystem(), p.FileSystem); diff != "" {
		t.Error(diff)
	}
	got, err := io.ReadAll(io.NewSectionReader(disk, p.Start, p.Size))
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("the partition's content differs: %v", err)
	}
}
