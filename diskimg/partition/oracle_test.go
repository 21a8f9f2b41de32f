package partition

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/internal/oracle"

	"github.com/google/go-cmp/cmp"
)

// sfdisk makes a sparse disk of size bytes with the table that script tells of.
func sfdisk(t *testing.T, size int64, script string, options ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.raw")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(oracle.Look(t, "sfdisk"), append(options, "-q", path)...)
	cmd.Stdin = strings.NewReader(script)
	oracle.Output(t, cmd)
	return path
}

func readFile(t *testing.T, path string) *Table {
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
	table, err := Read(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// dump is what sfdisk reads, as a Table.
func dump(t *testing.T, path string) *Table {
	t.Helper()
	var out struct {
		PartitionTable struct {
			Label, ID  string
			SectorSize int64
			Partitions []struct {
				Node, Type, UUID, Name string
				Start, Size            int64
				Bootable               bool
			}
		}
	}
	if err := json.Unmarshal(oracle.Run(t, "sfdisk", "--json", path), &out); err != nil {
		t.Fatal(err)
	}
	from := out.PartitionTable
	table := &Table{
		Kind: map[string]Kind{"dos": MBR, "gpt": GPT}[from.Label],
		UUID: strings.TrimPrefix(strings.ToLower(from.ID), "0x"), SectorSize: from.SectorSize,
	}
	for _, p := range from.Partitions {
		kind := strings.ToLower(p.Type)
		if table.Kind == MBR {
			kind = "0x" + kind
		}
		table.Partitions = append(table.Partitions, Partition{
			Start: p.Start * 512, Size: p.Size * 512,
			Type: kind, Name: p.Name, UUID: strings.ToLower(p.UUID), Bootable: p.Bootable,
		})
	}
	return table
}

// comparable leaves out what sfdisk does not say.
func comparable(table *Table) *Table {
	c := *table
	c.Partitions = nil
	for _, p := range table.Partitions {
		if c.Kind == MBR {
			p.UUID = ""
		}
		p.Index, p.TypeName, p.Extended = 0, "", false
		c.Partitions = append(c.Partitions, p)
	}
	return &c
}

func TestReadSfdisk(t *testing.T) {
	tests := []struct {
		name, script string
		want         []int // indexes
	}{
		{"mbr", "label: dos\n,100M,83,*\n,50M,82\n", []int{1, 2}},
		{"mbr without partitions", "label: dos\n", nil},
		{"mbr, logical", "label: dos\n,100M,83\n,,5\n,20M,83\n,30M,82\n,,8e\n", []int{1, 2, 5, 6, 7}},
		{"mbr, ESP", "label: dos\n,100M,ef\n,,83\n", []int{1, 2}},
		{"gpt", "label: gpt\nsize=1M,type=21686148-6449-6E6F-744E-656564454649\nsize=60M,type=U,name=\"EFI system\"\nname=\"größer 世界\"\n", []int{1, 2, 3}},
		{"gpt with gaps", "label: gpt\n1 : size=10M\n100 : size=20M,attrs=\"LegacyBIOSBootable\"\n", []int{1, 100}},
		{"gpt, long", "label: gpt\ntable-length: 512\n500 : size=10M\n", []int{500}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := sfdisk(t, 300<<20, tt.script)
			got, want := readFile(t, path), dump(t, path)
			var indexes []int
			for i, p := range got.Partitions {
				indexes = append(indexes, p.Index)
				if got.Kind == GPT && i < len(want.Partitions) {
					want.Partitions[i].Bootable, want.Partitions[i].Attributes = p.Bootable, p.Attributes
				}
			}
			if diff := cmp.Diff(tt.want, indexes); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(want, comparable(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadSgdiskHybrid(t *testing.T) {
	path := sfdisk(t, 50<<20, "label: gpt\nsize=10M\nsize=10M\n")
	oracle.Run(t, "sgdisk", "--hybrid", "1:2", path)
	if got := readFile(t, path); !got.Hybrid || len(got.Partitions) != 2 || len(got.Warnings) != 0 {
		t.Errorf("got %+v", got)
	}
}

// A disk with sectors of 4096 bytes: sfdisk cannot make one in a file before util-linux 2.39, so it is an image of
// 512-byte sectors that is stretched by hand.
func TestRead4096(t *testing.T) {
	small := gptDisk(t, 3*mib)
	sectors := len(small) / sectorSize
	disk := make([]byte, sectors*4096)
	copy(disk, small[:sectorSize])
	for _, lba := range []int{1, sectors - 1} {
		copy(disk[lba*4096:], small[lba*sectorSize:][:sectorSize])
	}
	copy(disk[2*4096:], small[2*sectorSize:][:gptEntriesLength])
	copy(disk[(sectors-33)*4096:], small[(sectors-33)*sectorSize:][:gptEntriesLength])
	for _, backup := range []bool{false, true} {
		if backup {
			clear(disk[4096:8192])
		}
		got := read(t, disk)
		if got.SectorSize != 4096 || len(got.Partitions) != 1 || got.Partitions[0].Start != 2048*4096 || got.FromBackup != backup {
			t.Errorf("got %+v", got)
		}
	}
}

// What Wrap makes is what others make, and stays within what they check.
func TestWrapOracles(t *testing.T) {
	for _, kind := range []Kind{MBR, GPT} {
		for _, size := range []int64{1, 512, 5*mib - 1, 8 * mib, 100*mib + 512, 3 << 30} {
			w, err := Wrap(kind, size, nil)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "disk.raw")
			writeSparse(t, path, w)
			if out := oracle.Run(t, "sfdisk", "--verify", path); !bytes.Contains(out, []byte("No errors detected")) {
				t.Errorf("%s %d: sfdisk: %s", kind, size, out)
			}
			if kind == GPT {
				if out := oracle.Run(t, "sgdisk", "-v", path); !bytes.Contains(out, []byte("No problems found")) {
					t.Errorf("%s %d: sgdisk: %s", kind, size, out)
				}
			}
			if diff := cmp.Diff(dump(t, path), comparable(readFile(t, path))); diff != "" {
				t.Errorf("%s %d: %s", kind, size, diff)
			}
		}
	}
}

func writeSparse(t *testing.T, path string, w *Wrapping) {
	t.Helper()
	if err := os.WriteFile(path, w.Head, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(w.Size); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(w.Tail, w.tail().Offset); err != nil {
		t.Fatal(err)
	}
}
