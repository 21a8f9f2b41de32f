package inspect

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"amiforge/diskimg/partition"

	"github.com/google/go-cmp/cmp"
)

func ext4(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("../../testdata/disk/ext4.raw")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func ext4FileSystem() *FileSystem {
	return &FileSystem{Type: "ext4", Version: "1.0", Label: "root", UUID: testUUID, Size: 8 * mib, BlockSize: 1024}
}

// wrap is content as the one partition of a disk.
func wrap(t testing.TB, kind partition.Kind, content []byte) []byte {
	t.Helper()
	w, err := partition.Wrap(kind, int64(len(content)), &partition.WrapOptions{Rand: bytes.NewReader(bytes.Repeat([]byte{0xa5, 1}, 100))})
	if err != nil {
		t.Fatal(err)
	}
	disk := make([]byte, w.Size)
	copy(disk, w.Head)
	copy(disk[w.Offset:], content)
	copy(disk[w.Size-int64(len(w.Tail)):], w.Tail)
	return disk
}

func inspect(t testing.TB, disk []byte) *Report {
	t.Helper()
	report, err := Disk(bytes.NewReader(disk), int64(len(disk)))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestBareFileSystem(t *testing.T) {
	want := &Report{FileSystem: ext4FileSystem(), Boot: Boot{Mode: BootNone, Reason: bareReason}}
	if diff := cmp.Diff(want, inspect(t, ext4(t))); diff != "" {
		t.Error(diff)
	}
	// A boot sector in front of it is not a partition table.
	disk := ext4(t)
	disk[510], disk[511] = 0x55, 0xaa
	if diff := cmp.Diff(want, inspect(t, disk)); diff != "" {
		t.Error(diff)
	}
	copy(disk, "\xeb\x63\x90 GRUB Geom")
	want.Boot = Boot{Mode: BootBIOS, Loader: "GRUB"}
	if diff := cmp.Diff(want, inspect(t, disk)); diff != "" {
		t.Error(diff)
	}
}

func TestNothing(t *testing.T) {
	for _, size := range []int{0, 1, 511, 512, 1024, 4096, mib} {
		want := &Report{Boot: Boot{Mode: BootNone, Reason: "no partition table and no file system that is known"}}
		if diff := cmp.Diff(want, inspect(t, make([]byte, size))); diff != "" {
			t.Errorf("%d zeros: %s", size, diff)
		}
	}
}

func TestWrapped(t *testing.T) {
	for _, kind := range []partition.Kind{partition.MBR, partition.GPT} {
		report := inspect(t, wrap(t, kind, ext4(t)))
		if report.Table.Kind != kind || report.FileSystem != nil || len(report.Partitions) != 1 || len(report.Warnings) != 0 {
			t.Fatalf("got %+v", report)
		}
		if diff := cmp.Diff(ext4FileSystem(), report.Partitions[0].FileSystem); diff != "" {
			t.Error(diff)
		}
		if report.Boot.Mode != BootNone || report.Boot.Reason != "no boot code in the first sector; no EFI system partition" {
			t.Errorf("boot %+v", report.Boot)
		}
	}
}

func TestShort(t *testing.T) {
	report := inspect(t, ext4(t)[:5*mib])
	want := []string{"the disk is shorter than its ext4: 5242880 of 8388608 bytes"}
	if diff := cmp.Diff(want, report.Warnings); diff != "" {
		t.Error(diff)
	}
}

// A superblock with a wrong checksum is none.
func TestDamaged(t *testing.T) {
	disk := ext4(t)
	disk[extOffset+300]++
	if got := inspect(t, disk).FileSystem; got != nil {
		t.Errorf("got %+v", got)
	}
}

// A file system from before the disk was partitioned is not one that counts.
func TestStale(t *testing.T) {
	disk := wrap(t, partition.MBR, ext4(t))
	copy(disk[extOffset:], ext4(t)[extOffset:2*extOffset])
	report := inspect(t, disk)
	if report.FileSystem != nil || len(report.Partitions) != 1 {
		t.Errorf("got %+v", report)
	}
	if want := "the disk has partitions and begins or ends like ext4, which is ignored"; !slices.Contains(report.Warnings, want) {
		t.Errorf("warnings %q", report.Warnings)
	}
}

func TestJSON(t *testing.T) {
	got, err := json.MarshalIndent(inspect(t, wrap(t, partition.GPT, ext4(t))), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "partitionTable": {
    "kind": "gpt",
    "uuid": "01a501a5-01a5-41a5-a501-a501a501a501",
    "sectorSize": 512
  },
  "partitions": [
    {
      "index": 1,
      "start": 1048576,
      "size": 8388608,
      "type": "0fc63daf-8483-4772-8e79-3d69d8477de4",
      "typeName": "Linux file system",
      "name": "root",
      "uuid": "01a501a5-01a5-41a5-a501-a501a501a501",
      "fileSystem": {
        "type": "ext4",
        "version": "1.0",
        "label": "root",
        "uuid": "5ca1ab1e-0000-4000-8000-000000000001",
        "size": 8388608,
        "blockSize": 1024
      }
    }
  ],
  "boot": {
    "mode": "none",
    "reason": "no boot code in the first sector; no EFI system partition"
  }
}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

// A failing reads well up to a byte.
type failing struct {
	io.ReaderAt
	from int64
	err  error
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, f.err
	}
	return f.ReaderAt.ReadAt(p, off)
}

// A disk that cannot be read is an error wherever it is, not a disk with nothing on it.
func TestReadErrors(t *testing.T) {
	disk := wrap(t, partition.MBR, ext4(t))
	broken := errors.New("medium error")
	for _, from := range []int64{0, 512, mib, mib + 2048, int64(len(disk)) - 64<<10} {
		_, err := Disk(failing{bytes.NewReader(disk), from, broken}, int64(len(disk)))
		if !errors.Is(err, broken) {
			t.Errorf("broken from %d on: %v", from, err)
		}
	}
	_, err := Disk(bytes.NewReader(disk[:mib]), int64(len(disk)))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("shorter than said: %v", err)
	}
}

func TestLabels(t *testing.T) {
	tests := []struct{ in, want string }{
		{"root\x00garbage", "root"},
		{"root    ", "root"},
		{"a\x1b[2Jb\n", "a\ufffd[2Jb"},
		{"\xff", "\ufffd"},
		{"grüße 世界", "grüße 世界"},
	}
	for _, tt := range tests {
		if got := label([]byte(tt.in)); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

// A disk of thousands of partitions is not read for hours.
func TestManyPartitions(t *testing.T) {
	read := &counting{ReaderAt: bytes.NewReader(manyPartitions())}
	report, err := Disk(read, int64(len(manyPartitions())))
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Partitions) != 2000 || !strings.Contains(strings.Join(report.Warnings, "\n"), "only the first 256") {
		t.Errorf("%d partitions, %q", len(report.Partitions), report.Warnings)
	}
	if read.n > 100*mib {
		t.Errorf("%d bytes were read", read.n)
	}
}

// A counting counts what is read, and what at once.
type counting struct {
	io.ReaderAt
	n, most int64
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.n += int64(len(p))
	c.most = max(c.most, int64(len(p)))
	return c.ReaderAt.ReadAt(p, off)
}
