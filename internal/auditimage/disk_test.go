package auditimage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"amiforge/diskimg"
	"amiforge/internal/oracle"
)

const (
	mib = 1 << 20

	rootUUID  = "11111111-1111-4111-8111-111111111111"
	otherUUID = "22222222-2222-4222-8222-222222222222"

	typeLinux, typeSwap, typeESP = 0x83, 0x82, 0xef
)

// A part is a partition of a test's disk.
type part struct {
	kind    byte
	content []byte
}

// files is a tree: names with their content. One that ends in a slash is a directory.
type files map[string]string

// system is the least that looks like the root of a system.
func system(more files) files {
	tree := files{"etc/passwd": "root:x:0:0::/root:/bin/sh\n", "usr/bin/": ""}
	for name, content := range more {
		tree[name] = content
	}
	return tree
}

// ext4Of makes a file system of 4 MiB out of the tree.
func ext4Of(t testing.TB, uuid, label string, tree files) []byte {
	t.Helper()
	mke2fs := oracle.Look(t, "mke2fs")
	dir := t.TempDir()
	for name, content := range tree {
		path := filepath.Join(dir, "tree", name)
		if name[len(name)-1] == '/' {
			must(t, os.MkdirAll(path, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(content), 0o644))
	}
	must(t, os.MkdirAll(filepath.Join(dir, "tree"), 0o755))
	image := filepath.Join(dir, "image")
	oracle.Run(t, mke2fs, "-q", "-t", "ext4", "-m", "0", "-U", uuid, "-L", label, "-d", filepath.Join(dir, "tree"), image, "4M")
	content, err := os.ReadFile(image)
	must(t, err)
	return content
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mbrDisk puts the parts behind a partition table, a MiB from each other.
func mbrDisk(parts ...part) []byte {
	disk := make([]byte, mib)
	binary.LittleEndian.PutUint32(disk[440:], 0xdecafbad)
	copy(disk[510:], "\x55\xaa")
	for i, p := range parts {
		entry := disk[446+16*i:]
		entry[4] = p.kind
		binary.LittleEndian.PutUint32(entry[8:], uint32(len(disk)/512))
		binary.LittleEndian.PutUint32(entry[12:], uint32(len(p.content)/512))
		disk = append(append(disk, p.content...), make([]byte, mib)...)
	}
	return disk
}

// opened opens the disk.
func opened(t testing.TB, content []byte) (*Image, error) {
	t.Helper()
	d, err := diskimg.Open(bytes.NewReader(content), int64(len(content)), &diskimg.OpenOptions{Format: diskimg.RAW})
	must(t, err)
	m, err := Open(d)
	if err == nil {
		t.Cleanup(func() { must(t, m.Close()) })
	}
	return m, err
}

// luks is the head of an encrypted volume.
func luks() []byte {
	p := make([]byte, mib)
	copy(p, "LUKS\xba\xbe\x00\x01aes")
	copy(p[168:], otherUUID)
	return p
}

func noise(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*7 + i>>8)
	}
	return p
}

func swapSpace() []byte {
	p := make([]byte, mib)
	binary.LittleEndian.PutUint32(p[1024:], 1)
	binary.LittleEndian.PutUint32(p[1028:], mib/4096-1)
	copy(p[4086:], "SWAPSPACE2")
	return p
}

func partUUID(n int) string { return fmt.Sprintf("decafbad-%02d", n) }

// bridge is an image with a tree for ISO 9660 and one for UDF, which need not be the same.
func bridge(t testing.TB) []byte {
	t.Helper()
	image := filepath.Join(t.TempDir(), "image")
	oracle.Run(t, "genisoimage", "-quiet", "-udf", "-o", image, t.TempDir())
	content, err := os.ReadFile(image)
	must(t, err)
	return content
}
