package tree

import (
	"archive/tar"
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// What is no archive is called by its name, and not by what the header of an archive would be.
func TestNotTar(t *testing.T) {
	at := func(off int, text string) []byte {
		p := make([]byte, 128<<10)
		copy(p[off:], text)
		return p
	}
	noise := make([]byte, 100_000)
	rand.NewChaCha8([32]byte{1}).Read(noise)
	for _, tt := range []struct {
		name string
		p    []byte
		kind string
		disk bool
	}{
		{"noise", noise, "", false},
		{"VMDK", at(0, "KDMV\x01\x00"), "a VMDK disk image", true},
		{"descriptor", []byte("# Disk DescriptorFile\nversion=1\n"), "a VMDK disk image", true},
		{"VHD", at(0, "conectix"), "a VHD disk image", true},
		{"VHDX", at(0, "vhdxfile"), "a VHDX disk image", true},
		{"VDI", at(0, "<<< Oracle VM VirtualBox Disk Image >>>\n"+strings.Repeat("\x00", 24)+"\x7f\x10\xda\xbe"), "a VDI disk image", true},
		{"qcow2", at(0, "QFI\xfb"), "a qcow2 disk image", true},
		{"squashfs", at(0, "hsqs"), "a squashfs file system", true},
		{"ext4", at(0x438, "\x53\xef"), "an ext2, ext3 or ext4 file system", true},
		{"btrfs", at(0x10040, "_BHRfS_M"), "a btrfs file system", true},
		{"ISO", at(0x8001, "CD001"), "an ISO 9660 image", true},
		{"MBR", at(446, "\x80"+strings.Repeat("\x00", 63)+"\x55\xaa"), "a disk image", true},
		{"compress", at(0, "\x1f\x9d\x90"), "a file of compress (.Z, decompress first)", false},
		{"zip", at(0, "PK\x03\x04"), "a zip archive", false},
		{"cpio", at(0, "070701"), "a cpio archive", false},
		{"ELF", at(0, "\x7fELF"), "a program or library (ELF)", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readArchive(t, tt.p)
			e, ok := errors.AsType[*NotTarError](err)
			if !ok || e.Kind != tt.kind || e.Disk != tt.disk {
				t.Errorf("%v, want %q", err, tt.kind)
			}
		})
	}
}

// What docker save and skopeo write is refused: a volume of it would be one of archives.
func TestContainerImage(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files []string
		want  bool
	}{
		{"docker save", []string{"abc/layer.tar", "abc/json", "c.json", "manifest.json", "repositories"}, true},
		{"docker save of today", []string{"blobs/sha256/aa", "index.json", "manifest.json", "oci-layout", "repositories"}, true},
		{"skopeo", []string{"aa.tar", "c.json", "manifest.json", "repositories"}, true},
		{"layers only", []string{"manifest.json", "abc/layer.tar"}, true},
		{"OCI layout", []string{"blobs/sha256/aa", "index.json", "oci-layout"}, true},
		{"a system", []string{"manifest.json", "abc/layer.tar", "repositories", "etc/hostname"}, false},
		{"a manifest", []string{"manifest.json", "layer.tar"}, false},
		{"layouts below", []string{"srv/index.json", "srv/oci-layout", "srv/manifest.json", "srv/a/layer.tar"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			for _, name := range tt.files {
				if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644}); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := readArchive(t, b.Bytes()); errors.Is(err, errContainerImage) != tt.want || err != nil && !tt.want {
				t.Errorf("%v", err)
			}
		})
	}
}

// Of one layer of an image there is a warning.
func TestWhiteouts(t *testing.T) {
	for want, p := range map[string][]byte{
		"":                    makeTar(t, file("a"), file("b.wh.c")),
		"etc/.wh.a, one of 2": makeTar(t, file("etc/.wh.a"), file("etc/b"), file(".wh..wh..opq")),
	} {
		var warned []string
		src, err := OpenArchive(t.Context(), bytes.NewReader(p), "x", &ArchiveOptions{Warn: func(s string) { warned = append(warned, s) }})
		if err != nil {
			t.Fatal(err)
		}
		names(t, src)
		if found := slices.ContainsFunc(warned, func(s string) bool { return strings.Contains(s, want) }); found != (want != "") {
			t.Errorf("%q, want %q", warned, want)
		}
	}
}
