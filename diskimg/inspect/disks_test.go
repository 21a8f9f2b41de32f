package inspect

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"amiforge/diskimg/partition"
	"amiforge/internal/oracle"

	"github.com/google/go-cmp/cmp"
)

// A volume is what a partition of a disk under test holds: what command makes in a file of its size, in MiB.
type volume struct {
	start, size int64
	command     string
}

// madeDisk is a disk with the table that script tells sfdisk of, the volumes and code in its first sector.
func madeDisk(t *testing.T, script string, volumes []volume, code string) string {
	t.Helper()
	path := sparseFile(t, 300*mib, nil)
	cmd := exec.Command(oracle.Look(t, "sfdisk"), "-q", path)
	cmd.Stdin = strings.NewReader(script)
	oracle.Output(t, cmd)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, v := range volumes {
		file := sparseFile(t, v.size*mib, nil)
		words := strings.Fields(v.command)
		oracle.Run(t, words[0], append(words[1:], file)...)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(b, v.start*mib); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.WriteAt([]byte(code), 0); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDisks(t *testing.T) {
	const (
		grubCode  = "\xeb\x63\x90" + "GRUB \x00Geom"
		otherCode = "\x33\xc0\x8e\xd0"
	)
	esp := volume{3, 40, "mkfs.vfat -F 32 -s 1 -n UEFI"}
	root := volume{50, 60, "mkfs.ext4 -q -F -L root"}
	gpt := "label: gpt\nstart=1MiB,size=1MiB,type=21686148-6449-6E6F-744E-656564454649\nstart=3MiB,size=40MiB,type=U\nstart=50MiB,size=60MiB\n"
	tests := []struct {
		name    string
		script  string
		volumes []volume
		code    string
		types   []string // by partition, "" for nothing
		boot    Boot
	}{
		{"gpt, cloud image", gpt, []volume{esp, root}, grubCode, []string{"", "vfat", "ext4"}, Boot{Mode: BootBIOSAndUEFI, Loader: "GRUB"}},
		{"gpt, no code", gpt, []volume{esp, root}, "", []string{"", "vfat", "ext4"}, Boot{Mode: BootUEFI}},
		{"gpt, empty ESP", gpt, []volume{root}, "", []string{"", "", "ext4"}, Boot{Mode: BootNone, Reason: "no boot code in the first sector; no FAT file system in the EFI system partition"}},
		{"gpt, legacy boot", "label: gpt\nstart=50MiB,size=60MiB,attrs=LegacyBIOSBootable\n", []volume{root}, otherCode, []string{"ext4"}, Boot{Mode: BootBIOS}},
		{"mbr, GRUB", "label: dos\nstart=50MiB,size=60MiB\n", []volume{root}, grubCode, []string{"ext4"}, Boot{Mode: BootBIOS, Loader: "GRUB"}},
		{"mbr, active", "label: dos\nstart=50MiB,size=60MiB,bootable\n", []volume{root}, otherCode, []string{"ext4"}, Boot{Mode: BootBIOS}},
		{"mbr, not active", "label: dos\nstart=50MiB,size=60MiB\n", []volume{root}, otherCode, []string{"ext4"}, Boot{Mode: BootNone, Reason: "boot code in the first sector, but no active partition; no EFI system partition"}},
		{"mbr, ESP", "label: dos\nstart=3MiB,size=40MiB,type=ef\nstart=50MiB,size=60MiB\n", []volume{esp, root}, "", []string{"vfat", "ext4"}, Boot{Mode: BootUEFI}},
		{
			"mbr, logical", "label: dos\nstart=20MiB,size=200MiB,type=5\nstart=50MiB,size=60MiB\nstart=120MiB,size=16MiB,type=82\n",
			[]volume{root, {120, 16, "mkswap -q"}},
			grubCode,
			[]string{"", "ext4", "swap"},
			Boot{Mode: BootBIOS, Loader: "GRUB"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := madeDisk(t, tt.script, tt.volumes, tt.code)
			report := inspectFile(t, path)
			var types []string
			for _, p := range report.Partitions {
				at := fmt.Sprintf("--offset=%d", p.Start)
				if p.FileSystem == nil {
					types = append(types, "")
				} else {
					types = append(types, p.FileSystem.Type)
				}
				if diff := cmp.Diff(blkid(t, path, at, fmt.Sprintf("--size=%d", p.Size)), named(p.FileSystem)); diff != "" {
					t.Errorf("partition %d: blkid differs: %s", p.Index, diff)
				}
			}
			if diff := cmp.Diff(tt.types, types); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.boot, report.Boot); diff != "" || len(report.Warnings) != 0 {
				t.Errorf("%s%q", diff, report.Warnings)
			}
		})
	}
}

// An installer's image is a CD and, with a table in the space that ISO 9660 leaves, a disk.
func TestHybridISO(t *testing.T) {
	dir, path := t.TempDir(), sparseFile(t, 0, nil)
	oracle.Run(t, "genisoimage", "-quiet", "-V", "INSTALL", "-o", path, dir)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(b, "\x33\xed isolinux")
	copy(b[446:], "\x80\x00\x01\x00\x17\x00\x00\x00\x00\x00\x00\x00")
	binary.LittleEndian.PutUint32(b[446+12:], uint32(len(b)/512))
	b[510], b[511] = 0x55, 0xaa
	report := inspect(t, b)
	if report.FileSystem == nil || report.FileSystem.Label != "INSTALL" || report.Table == nil || len(report.Partitions) != 1 {
		t.Fatalf("got %+v", report)
	}
	if report.Boot.Mode != BootBIOS || report.Partitions[0].FileSystem.Type != "iso9660" {
		t.Errorf("boot %+v, partition %+v", report.Boot, report.Partitions[0])
	}
}

// manyPartitions is a GPT of 2000 partitions that share one place.
func manyPartitions() []byte {
	const count, entry = 2000, 128
	disk := make([]byte, 600*512)
	disk[446+4], disk[510], disk[511] = 0xee, 0x55, 0xaa
	entries := disk[1024:][:count*entry]
	for i := range count {
		e := entries[i*entry:]
		e[0], e[16] = 1, byte(i)
		binary.LittleEndian.PutUint64(e[32:], 510)
		binary.LittleEndian.PutUint64(e[40:], 590)
	}
	h := disk[512:][:92]
	copy(h, "EFI PART\x00\x00\x01\x00\x5c")
	binary.LittleEndian.PutUint64(h[24:], 1)
	binary.LittleEndian.PutUint64(h[32:], 599)
	binary.LittleEndian.PutUint64(h[40:], 510)
	binary.LittleEndian.PutUint64(h[48:], 590)
	binary.LittleEndian.PutUint64(h[72:], 2)
	binary.LittleEndian.PutUint32(h[80:], count)
	binary.LittleEndian.PutUint32(h[84:], entry)
	binary.LittleEndian.PutUint32(h[88:], crc32.ChecksumIEEE(entries))
	binary.LittleEndian.PutUint32(h[16:], crc32.ChecksumIEEE(h))
	return disk
}

func TestDamagedGPT(t *testing.T) {
	disk := wrap(t, partition.GPT, ext4(t))
	disk[512+40]++
	report := inspect(t, disk)
	if !report.Table.FromBackup || len(report.Partitions) != 1 || len(report.Warnings) != 1 {
		t.Errorf("got %+v", report)
	}
	clear(disk[len(disk)-512:])
	report = inspect(t, disk)
	if report.Table == nil || len(report.Partitions) != 0 || !slices.ContainsFunc(report.Warnings, func(s string) bool { return strings.Contains(s, "damaged") }) {
		t.Errorf("got %+v", report)
	}
}
