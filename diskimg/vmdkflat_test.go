package diskimg

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// splitText returns a descriptor.
func splitText(createType, extents string) string {
	return "# Disk DescriptorFile\nversion=1\nCID=a1b2c3d4\nparentCID=ffffffff\ncreateType=\"" + createType + "\"\n\n" +
		"# Extent description\n" + extents + "\n\n# The Disk Data Base\nddb.adapterType = \"ide\"\n" +
		"ddb.uuid = \"60 00 C2 9a 00 01 02 03-04 05 06 07 08 09 0a 0b\"\n"
}

// splitDisk writes a descriptor into a directory with some files beside it and returns its path.
func splitDisk(t *testing.T, text string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "disks")
	for name, content := range map[string][]byte{
		"disks/flat.img":            noise(10*SectorSize, 1),
		"disks/sparse.vmdk":         unpackVector(t, "m15-s002.vmdk"),
		"disks/sub/flat.img":        noise(SectorSize, 2),
		"secret.img":                noise(10*SectorSize, 3),
		"disks/" + "descriptor.txt": []byte(text),
	} {
		path := filepath.Join(filepath.Dir(dir), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("../secret.img", filepath.Join(dir, "link.img")), os.Symlink("flat.img", filepath.Join(dir, "near.img")),
		syscall.Mkfifo(filepath.Join(dir, "pipe.img"), 0o600)); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "descriptor.txt")
}

func TestSplitVMDK(t *testing.T) {
	flat := noise(10*SectorSize, 1)
	sparse, err := readAllSplit(t, splitText("twoGbMaxExtentSparse", `RW 4099 SPARSE "sparse.vmdk"`))
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 3*SectorSize)
	tests := []struct {
		name, createType, extents string
		want                      []byte
	}{
		{"flat", "monolithicFlat", `RW 10 FLAT "flat.img" 0`, flat},
		{"shorter than the file", "monolithicFlat", `RW 9 FLAT "flat.img" 0`, flat[:9*SectorSize]},
		{"no offset", "monolithicFlat", `RW 10 FLAT "flat.img"`, flat},
		{"read-only", "monolithicFlat", `RDONLY 10 FLAT "flat.img" 0`, flat},
		{"case", "MONOLITHICFLAT", `rw 10 flat "flat.img" 0`, flat},
		{"old name", "2GbMaxExtentFlat", `RW 10 FLAT "flat.img" 0`, flat},
		{"offset", "twoGbMaxExtentFlat", `RW 4 FLAT "flat.img" 3`, flat[3*SectorSize : 7*SectorSize]},
		{"swapped", "twoGbMaxExtentFlat", "RW 5 FLAT \"flat.img\" 5\nRW 5 FLAT \"flat.img\" 0", append(bytes.Clone(flat[5*SectorSize:]), flat[:5*SectorSize]...)},
		{"zeros", "twoGbMaxExtentFlat", "RW 3 ZERO\nRW 10 FLAT \"flat.img\" 0\nNOACCESS 3 ZERO", append(append(bytes.Clone(zeros), flat...), zeros...)},
		{"sparse", "twoGbMaxExtentSparse", "RW 4099 SPARSE \"sparse.vmdk\"\nRW 3 ZERO", append(bytes.Clone(sparse), zeros...)},
		{"both", "twoGbMaxExtentSparse", "RW 10 FLAT \"flat.img\" 0\nRW 4099 SPARSE \"sparse.vmdk\"", append(bytes.Clone(flat), sparse...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readAllSplit(t, splitText(tt.createType, tt.extents))
			if err != nil || !bytes.Equal(got, tt.want) {
				t.Errorf("%d bytes, want %d, or they differ: %v", len(got), len(tt.want), err)
			}
		})
	}
}

func readAllSplit(t *testing.T, text string) ([]byte, error) {
	t.Helper()
	d, err := OpenFile(splitDisk(t, text), nil)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	checkAllocated(t, d)
	if err := d.Check(t.Context()); err != nil {
		t.Error(err)
	}
	return io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
}

func TestHostileSplitVMDKs(t *testing.T) {
	tests := []struct {
		name, createType, extents string
		unsupported               bool
		want                      string
	}{
		{"climbs out", "monolithicFlat", `RW 10 FLAT "../secret.img" 0`, false, "plain name"},
		{"absolute", "monolithicFlat", `RW 1 FLAT "/etc/passwd" 0`, false, "plain name"},
		{"subdirectory", "monolithicFlat", `RW 1 FLAT "sub/flat.img" 0`, false, "plain name"},
		{"dot", "monolithicFlat", `RW 1 FLAT "." 0`, false, "not a regular file"},
		{"dot dot", "monolithicFlat", `RW 1 FLAT ".." 0`, false, "plain name"},
		{"empty name", "monolithicFlat", `RW 1 FLAT "" 0`, false, "plain name"},
		{"link", "monolithicFlat", `RW 10 FLAT "link.img" 0`, false, "not a regular file"},
		{"link to a neighbour", "monolithicFlat", `RW 10 FLAT "near.img" 0`, false, "not a regular file"},
		{"pipe", "monolithicFlat", `RW 10 FLAT "pipe.img" 0`, false, "not a regular file"},
		{"directory", "monolithicFlat", `RW 10 FLAT "sub" 0`, false, "not a regular file"},
		{"device", "monolithicFlat", `RW 10 FLAT "/dev/zero" 0`, false, "plain name"},
		{"climbs out, sparse", "twoGbMaxExtentSparse", `RW 10 SPARSE "../secret.img"`, false, "plain name"},
		{"file too short", "monolithicFlat", `RW 11 FLAT "flat.img" 0`, false, "the file has 5120 bytes"},
		{"offset beyond", "monolithicFlat", `RW 2 FLAT "flat.img" 9`, false, "the file has 5120 bytes"},
		{"offset huge", "monolithicFlat", `RW 2 FLAT "flat.img" 9007199254740991`, false, "the file has 5120 bytes"},
		{"offset negative", "monolithicFlat", `RW 2 FLAT "flat.img" -1`, false, "no offset"},
		{"size huge", "monolithicFlat", `RW 9223372036854775808 FLAT "flat.img" 0`, false, "no number of sectors"},
		{"sum huge", "monolithicFlat", "RW 9007199254740992 ZERO\nRW 9007199254740992 ZERO", false, "longer than any disk"},
		{"twice", "twoGbMaxExtentFlat", "RW 6 FLAT \"flat.img\" 0\nRW 6 FLAT \"flat.img\" 4", false, "twice"},
		{"sparse twice", "twoGbMaxExtentSparse", "RW 4099 SPARSE \"sparse.vmdk\"\nRW 4099 SPARSE \"sparse.vmdk\"", false, "twice"},
		{"not sparse", "twoGbMaxExtentSparse", `RW 10 SPARSE "flat.img"`, false, "not a sparse extent"},
		{"the descriptor itself", "twoGbMaxExtentSparse", `RW 1 SPARSE "descriptor.txt"`, false, "extent \"descriptor.txt\""},
		{"sparse bigger", "twoGbMaxExtentSparse", `RW 4100 SPARSE "sparse.vmdk"`, false, "the descriptor says"},
		{"sparse far smaller", "twoGbMaxExtentSparse", `RW 3000 SPARSE "sparse.vmdk"`, false, "its header"},
		{"sparse with offset", "twoGbMaxExtentSparse", `RW 4099 SPARSE "sparse.vmdk" 1`, false, "has an offset"},
		{"no extents", "monolithicFlat", ``, false, "no extents"},
		{"name without end", "monolithicFlat", `RW 1 FLAT "flat.img 0`, false, "no end"},
		{"no name", "monolithicFlat", `RW 1 FLAT`, false, "names no file"},
		{"no type", "monolithicFlat", `RW 1 "flat.img"`, false, "want access, size and type"},
		{"too much", "monolithicFlat", `RW 1 FLAT "flat.img" 0 1 2`, false, "no offset"},
		{"misspelt access", "monolithicFlat", `WR 1 FLAT "flat.img" 0`, false, "neither a value nor an extent"},
		{"not to be read", "monolithicFlat", `NOACCESS 1 FLAT "flat.img" 0`, true, "NOACCESS"},
		{"vmfs extent", "monolithicFlat", `RW 10 VMFS "flat.img"`, true, "type VMFS"},
		{"vmfs", "vmfs", `RW 10 VMFS "flat.img"`, true, "subformat vmfs"},
		{"vmfsSparse", "vmfsSparse", `RW 10 VMFSSPARSE "flat.img"`, true, "subformat vmfsSparse"},
		{"seSparse", "seSparse", `RW 10 SESPARSE "flat.img"`, true, "subformat seSparse"},
		{"vmfsRDM", "vmfsRawDeviceMap", `RW 10 VMFSRDM "flat.img"`, true, "subformat vmfsRawDeviceMap"},
		{"fullDevice", "fullDevice", `RW 10 FLAT "/dev/sda" 0`, true, "subformat fullDevice"},
		{"partitionedDevice", "partitionedDevice", `RW 10 FLAT "/dev/sda" 0`, true, "subformat partitionedDevice"},
		{"custom", "custom", `RW 10 FLAT "flat.img" 0`, true, "subformat custom"},
		{"sparse in a descriptor file", "monolithicSparse", `RW 4099 SPARSE "sparse.vmdk"`, true, "subformat monolithicSparse"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := splitText(tt.createType, tt.extents)
			_, err := readAllSplit(t, text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%v, want %q", err, tt.want)
			}
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Format != VMDK || e.Offset < 0 {
				t.Errorf("%v: no Error with an offset", err)
			}
			if errors.Is(err, ErrUnsupported) != tt.unsupported {
				t.Errorf("%v: unsupported should be %t", err, tt.unsupported)
			}
		})
	}
}

func TestSplitVMDKMissing(t *testing.T) {
	if _, err := readAllSplit(t, splitText("monolithicFlat", `RW 10 FLAT "missing.img" 0`)); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), `extent "missing.img": `) {
		t.Errorf("%v, want ErrNotExist of the extent", err)
	}
	text := splitText("monolithicFlat", `RW 10 FLAT "flat.img" 0`)
	if _, err := Open(strings.NewReader(text), int64(len(text)), nil); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "by its path") {
		t.Errorf("without a directory: %v", err)
	}
}

func TestSplitVMDKInfo(t *testing.T) {
	text := splitText("twoGbMaxExtentSparse", "RW 10 FLAT \"flat.img\" 0\nRW 4099 SPARSE \"sparse.vmdk\"")
	d, err := OpenFile(splitDisk(t, text), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	i := d.Info()
	if got := strings.Join(i.Files, " "); got != "flat.img sparse.vmdk" {
		t.Errorf("files %s", got)
	}
	if want := int64(len(text)) + 10*SectorSize + 131072; i.FileSize != want || i.Size != 4109*SectorSize {
		t.Errorf("%d bytes of files, %d of disk", i.FileSize, i.Size)
	}
	if i.UUID != "6000c29a-0001-0203-0405-060708090a0b" || i.CID != "a1b2c3d4" || i.Adapter != "ide" || i.BlockSize != 64<<10 {
		t.Errorf("info %+v", i)
	}
}

// TestSplitVMDKChanges writes to a file beside the descriptor while the disk is open.
func TestSplitVMDKChanges(t *testing.T) {
	path := splitDisk(t, splitText("monolithicFlat", `RW 10 FLAT "flat.img" 0`))
	d, err := OpenFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := os.Truncate(filepath.Join(filepath.Dir(path), "flat.img"), 20*SectorSize); err != nil {
		t.Fatal(err)
	}
	err = Copy(t.Context(), &memTarget{t: t}, d, &CreateOptions{Format: RAW})
	if err == nil || !strings.Contains(err.Error(), "flat.img: size changed") {
		t.Errorf("%v, want that the size changed", err)
	}
}
