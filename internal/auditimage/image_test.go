package auditimage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amiforge/internal/audit"
	"amiforge/internal/oracle"
)

// has tells whether the file is in the tree of a system.
func (s System) has(t *testing.T, name string) bool {
	t.Helper()
	_, err := s.Root.Stat(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	return err == nil
}

// The others are where the fstab of the root says, in all the ways to say it.
func TestMounts(t *testing.T) {
	home := part{typeLinux, ext4Of(t, otherUUID, "my home", files{"alice/notes": "x"})}
	for name, tt := range map[string]struct {
		fstab string
		want  string // where the notes are
	}{
		"UUID":          {"UUID=" + otherUUID + " /home ext4 defaults 0 2", "home/alice/notes"},
		"UUID, loud":    {"UUID=\"" + strings.ToUpper(otherUUID) + "\"\t/home\text4", "home/alice/notes"},
		"by-uuid":       {"/dev/disk/by-uuid/" + otherUUID + " /home ext4 defaults", "home/alice/notes"},
		"LABEL":         {`LABEL=my\040home /home ext4 defaults`, "home/alice/notes"},
		"PARTUUID":      {"PARTUUID=" + partUUID(2) + " /home ext4 defaults", "home/alice/notes"},
		"sda":           {"/dev/sda2 /home ext4 defaults", "home/alice/notes"},
		"xvda":          {"/dev/xvda2 /home ext4 defaults", "home/alice/notes"},
		"vda":           {"/dev/vda2 /home ext4 defaults", "home/alice/notes"},
		"NVMe":          {"/dev/nvme0n1p2 //home/. ext4 defaults", "home/alice/notes"},
		"blank in path": {`/dev/sda2 /my\040home ext4 defaults`, "my home/alice/notes"},
		"by a link":     {"/dev/sda2 /homes ext4 defaults", "homes/alice/notes"},

		"not mentioned":       {"UUID=" + rootUUID + " / ext4 defaults", "partition 2/alice/notes"},
		"a comment":           {"#/dev/sda2 /home ext4 defaults", "partition 2/alice/notes"},
		"not by itself":       {"/dev/sda2 /home ext4 ro,noauto 0 0", "partition 2/alice/notes"},
		"another disk":        {"/dev/sdb2 /home ext4 defaults", "partition 2/alice/notes"},
		"no such label":       {"LABEL= /home ext4 defaults", "partition 2/alice/notes"},
		"no such partition":   {"/dev/sda22222222222222222222 /home ext4 defaults", "partition 2/alice/notes"},
		"out of the tree":     {"/dev/sda2 /home/../../etc ext4 defaults", "partition 2/alice/notes"},
		"the root":            {"/dev/sda2 / ext4 defaults", "partition 2/alice/notes"},
		"relative":            {"/dev/sda2 home ext4 defaults", "partition 2/alice/notes"},
		"parent not there":    {"/dev/sda2 /srv/data/x ext4 defaults", "partition 2/alice/notes"},
		"in a file":           {"/dev/sda2 /etc/passwd/x ext4 defaults", "partition 2/alice/notes"},
		"over etc":            {"/dev/sda2 /etc ext4 defaults", "partition 2/alice/notes"},
		"on a file":           {"/dev/sda2 /etc/passwd ext4 defaults", "partition 2/alice/notes"},
		"short":               {"/dev/sda2 /home", "partition 2/alice/notes"},
		"no text":             {"\x00\xff\\777 \\0 \\", "partition 2/alice/notes"},
		"mounted twice":       {"/dev/sda2 /home ext4 x\n/dev/sda2 /home ext4 x", "home/alice/notes"},
		"below what comes up": {"/dev/sda2 /home ext4 x\nLABEL=nobody /home/alice ext4 x", "home/alice/notes"},
	} {
		t.Run(name, func(t *testing.T) {
			root := ext4Of(t, rootUUID, "root", system(files{"etc/fstab": tt.fstab + "\n", "home/": "", "my home/": "", "homes/": ""}))
			m, err := opened(t, mbrDisk(part{typeLinux, root}, home))
			must(t, err)
			if len(m.Systems) != 1 || len(m.Unread) != 0 {
				t.Fatalf("%d systems, unread %v", len(m.Systems), m.Unread)
			}
			if s := m.Systems[0]; !s.has(t, "etc/passwd") || !s.has(t, tt.want) {
				t.Errorf("%s is not there; notes: %q", tt.want, m.Notes)
			}
		})
	}
}

// systemd mounts the EFI system partition without an fstab.
func TestESP(t *testing.T) {
	esp := filepath.Join(t.TempDir(), "esp")
	must(t, os.WriteFile(esp, make([]byte, 4*mib), 0o600))
	oracle.Run(t, "mkfs.vfat", "-n", "ESP", esp)
	fat, err := os.ReadFile(esp)
	must(t, err)
	for _, tt := range []struct {
		tree files
		want string
	}{
		{files{"boot/efi/": "", "efi/": ""}, "efi"},
		{files{"boot/efi/": ""}, "boot/efi"},
		{files{"efi": "a file"}, "partition 2"},
		{files{"etc/fstab": "LABEL=ESP /boot/firmware vfat defaults\n", "boot/": "", "efi/": ""}, "boot/firmware"},
	} {
		m, err := opened(t, mbrDisk(part{typeLinux, ext4Of(t, rootUUID, "", system(tt.tree))}, part{typeESP, fat}))
		must(t, err)
		info, err := m.Systems[0].Root.Stat(tt.want)
		if err != nil || !info.IsDir() || len(m.Unread) != 0 {
			t.Errorf("%v: %v, unread %v", tt.tree, err, m.Unread)
		}
		if tt.want != "partition 2" && m.Systems[0].has(t, "partition 2") {
			t.Errorf("%v: it is there by name, too", tt.tree)
		}
	}
}

// What a mount hides is in the image all the same.
func TestHidden(t *testing.T) {
	tree := system(files{"etc/fstab": "/dev/sda2 /var/home ext4 x 0 0\n", "var/home/old/key": "x"})
	home := ext4Of(t, otherUUID, "", files{"alice/notes": "x"})
	m, err := opened(t, mbrDisk(part{typeLinux, ext4Of(t, rootUUID, "", tree)}, part{typeLinux, home}))
	must(t, err)
	for _, name := range []string{"var/home/alice/notes", "partition 2 hides of var-home/old/key"} {
		if !m.Systems[0].has(t, name) {
			t.Errorf("%s is not there", name)
		}
	}
}

// A name that is taken is no place to hide.
func TestNameTaken(t *testing.T) {
	tree := system(files{"partition 2/secret": "x"})
	m, err := opened(t, mbrDisk(part{typeLinux, ext4Of(t, rootUUID, "", tree)},
		part{typeLinux, ext4Of(t, otherUUID, "", files{"notes": "x"})}))
	must(t, err)
	for _, name := range []string{"partition 2/secret", "partition 2'/notes"} {
		if !m.Systems[0].has(t, name) {
			t.Errorf("%s is not there", name)
		}
	}
}

// Of two systems each is audited, and reports its findings under its own name.
func TestTwoSystems(t *testing.T) {
	open := files{"etc/shadow": "root::1:0:99999:7:::\n", "etc/fstab": "/dev/sda3 /data ext4 x\n", "data/": ""}
	disk := mbrDisk(part{typeLinux, ext4Of(t, rootUUID, "a", system(open))}, part{typeLinux, ext4Of(t, otherUUID, "b", system(open))},
		part{typeLinux, ext4Of(t, rootUUID, "", files{"notes": "x"})})
	m, err := opened(t, disk)
	must(t, err)
	if len(m.Systems) != 2 || m.Systems[1].Prefix != "/partition 2" || !m.Systems[0].has(t, "data/notes") || !m.Systems[1].has(t, "data/notes") {
		t.Fatalf("%+v", m.Systems)
	}
	for _, tt := range []struct {
		allow []audit.Allow
		want  []string
	}{
		{nil, []string{"/etc/shadow", "/partition 2/etc/shadow"}},
		{[]audit.Allow{{ID: "ROOT-LOCK"}}, nil},
		{[]audit.Allow{{ID: "ROOT-LOCK", Path: "/etc/shadow"}}, []string{"/partition 2/etc/shadow"}},
		{[]audit.Allow{{ID: "ROOT-LOCK", Path: "/partition 2/etc/*"}}, []string{"/etc/shadow"}},
	} {
		report, err := m.Audit(t.Context(), Facts{}, audit.Options{Allow: tt.allow})
		must(t, err)
		var paths []string
		for _, f := range report.Findings {
			if f.Rule == "ROOT-LOCK" {
				paths = append(paths, f.Path)
			}
		}
		if !slices.Equal(paths, tt.want) || report.Allowed != 2-len(tt.want) {
			t.Errorf("allow %v: %q, %d allowed, want %q", tt.allow, paths, report.Allowed, tt.want)
		}
	}
}

// A partition table in the first sector of a file system is a decoy where the whole disk is mounted.
func TestBeneathPartitions(t *testing.T) {
	disk := mbrDisk(part{typeLinux, make([]byte, 4*mib)}, part{typeLinux, ext4Of(t, rootUUID, "", system(nil))})
	copy(disk[512:], ext4Of(t, otherUUID, "", system(files{"etc/shadow": "root::1:0:99999:7:::\n"}))[512:])
	clear(disk[446:462]) // of the first partition
	m, err := opened(t, disk)
	must(t, err)
	report, err := m.Audit(t.Context(), Facts{}, audit.Options{})
	must(t, err)
	if !slices.ContainsFunc(report.Findings, func(f audit.Finding) bool { return f.Path == "/the whole disk/etc/shadow" }) {
		t.Errorf("%+v", m.Systems)
	}
}

// Without a system the file systems are looked into all the same.
func TestNoSystem(t *testing.T) {
	m, err := opened(t, mbrDisk(part{typeLinux, ext4Of(t, rootUUID, "", files{"a": "x"})},
		part{typeLinux, ext4Of(t, otherUUID, "", files{"b": "x"})}))
	must(t, err)
	if s := m.Systems[0]; len(m.Systems) != 1 || !s.has(t, "partition 1/a") || !s.has(t, "partition 2/b") {
		t.Errorf("%+v, notes %q", m.Systems, m.Notes)
	}
	m, err = opened(t, ext4Of(t, rootUUID, "", files{"a": "x"}))
	must(t, err)
	if !m.Systems[0].has(t, "a") {
		t.Error("the only file system is not the root")
	}
}

// What cannot be read is never passed over in silence.
func TestUnread(t *testing.T) {
	root := part{typeLinux, ext4Of(t, rootUUID, "", system(nil))}
	damaged := ext4Of(t, otherUUID, "", nil)
	damaged[1024+20] ^= 1 // in the superblock, which has a checksum
	both := ext4Of(t, otherUUID, "", nil)
	copy(both[32<<10:], "\x01CD001\x01")
	binary.LittleEndian.PutUint16(both[32<<10+128:], 2048)
	for name, tt := range map[string]struct {
		part part
		want string // in the error, "" if it can be passed over
		note string
	}{
		"encrypted":        {part{typeLinux, luks()}, "crypto_LUKS", ""},
		"unknown":          {part{typeLinux, noise(mib)}, "no file system that is known", ""},
		"one byte":         {part{typeLinux, append(make([]byte, mib-1), 1)}, "no file system that is known", ""},
		"damaged":          {part{typeLinux, damaged}, "no file system that is known", ""},
		"two trees":        {part{typeLinux, bridge(t)}, "it looks like iso9660 and udf at once", ""},
		"two at once":      {part{typeLinux, both}, "it looks like ext4 and iso9660 at once", ""},
		"empty":            {part{typeLinux, make([]byte, mib)}, "", "partition 2 is empty"},
		"swap":             {part{typeSwap, swapSpace()}, "", "partition 2 is swap space"},
		"boot loader":      {part{0x41, noise(mib)}, "", "partition 2 belongs to the boot loader"},
		"ESP with nothing": {part{typeESP, noise(mib)}, "no file system that is known", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := opened(t, mbrDisk(root, tt.part))
			must(t, err)
			report, err := m.Audit(t.Context(), Facts{}, audit.Options{})
			switch {
			case report == nil:
				t.Fatal(err)
			case tt.want == "":
				if err != nil || len(report.Unread) != 0 || !strings.Contains(strings.Join(m.Notes, "\n"), tt.note) {
					t.Errorf("%v, notes %q", err, m.Notes)
				}
			case !errors.Is(err, audit.ErrUnread) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "/partition 2"):
				t.Errorf("%v, want %q", err, tt.want)
			case report.Files == 0:
				t.Error("the rest was not audited")
			}
		})
	}
}

// Nothing to look into is an error.
func TestNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		disk []byte
		want error
	}{
		"nothing":          {nil, ErrNothing},
		"a byte":           {[]byte{1}, ErrNothing},
		"zeros":            {make([]byte, mib), ErrNothing},
		"noise":            {noise(mib), ErrNothing},
		"no partitions":    {mbrDisk(), ErrNothing},
		"empty partition":  {mbrDisk(part{typeLinux, make([]byte, mib)}), ErrNothing},
		"swap only":        {mbrDisk(part{typeSwap, swapSpace()}), ErrNothing},
		"encrypted":        {luks(), audit.ErrUnread},
		"encrypted part":   {mbrDisk(part{typeLinux, luks()}), audit.ErrUnread},
		"superblock alone": {ext4Of(t, rootUUID, "", nil)[:4096], audit.ErrUnread},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := opened(t, tt.disk)
			if m != nil || !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
}

// What was deleted, what lies in swap space and what is between partitions is looked through.
func TestFree(t *testing.T) {
	const secret = "the secret that was deleted"
	fsys := ext4Of(t, rootUUID, "", system(nil))
	swap := swapSpace()
	copy(swap[mib/2:], secret)
	disk := mbrDisk(part{typeLinux, fsys}, part{typeSwap, swap})
	copy(disk[512*100:], secret)            // in front of the first partition
	copy(disk[len(disk)-mib/2:], secret)    // behind the last one
	copy(disk[mib+len(fsys)-4096:], secret) // in the last block of the file system
	m, err := opened(t, disk)
	must(t, err)
	found := map[string]int{}
	for _, free := range m.free {
		for e, err := range free.Extents {
			must(t, err)
			p, err := io.ReadAll(io.NewSectionReader(free.Reader, e.Offset, e.Length))
			must(t, err)
			found[free.Partition] += bytes.Count(p, []byte(secret))
		}
	}
	if found["partition 1"] != 1 || found["partition 2"] != 1 || found["unpartitioned space"] != 2 {
		t.Errorf("%v", found)
	}
}

func TestDirectory(t *testing.T) {
	if _, err := OpenDirectory("does-not-exist"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	m, err := OpenDirectory(t.TempDir())
	must(t, err)
	defer m.Close()
	if m.HasSystem() {
		t.Error("an empty directory is taken for a system")
	}
	if report, err := m.Audit(t.Context(), Facts{}, audit.Options{}); !errors.Is(err, audit.ErrUnread) || report.Files != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}
