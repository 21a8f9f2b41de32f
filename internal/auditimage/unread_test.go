package auditimage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/internal/audit"
	"amiforge/internal/oracle"
)

// One file that cannot be read keeps a report from being clean, whatever file system it is in, and the others from
// nothing.
func TestUnreadFile(t *testing.T) {
	dir := t.TempDir()
	notes, other := filepath.Join(dir, "notes.txt"), filepath.Join(dir, "other.txt")
	must(t, os.WriteFile(notes, []byte(strings.Repeat("some text and some more\n", 2000)), 0o644))
	must(t, os.WriteFile(other, []byte("some text"), 0o644))
	image := func(size int64) string {
		path := filepath.Join(t.TempDir(), "image")
		must(t, os.WriteFile(path, make([]byte, size), 0o600))
		return path
	}
	at := func(b []byte, name string) []byte {
		i := bytes.Index(b, []byte(name))
		if i < 0 {
			t.Fatalf("%q is not there", name)
		}
		return b[i:]
	}
	for name, tt := range map[string]struct {
		make   func() string
		damage func(b []byte)
	}{
		"FAT": {func() string {
			path := image(4 * mib)
			oracle.Run(t, "mkfs.vfat", path)
			oracle.Run(t, "mcopy", "-i", path, notes, other, "::")
			return path
		}, func(b []byte) { binary.LittleEndian.PutUint16(at(b, "NOTES   TXT")[26:], 0xff0) }},
		"ISO 9660": {func() string {
			path := image(0)
			oracle.Run(t, "genisoimage", "-quiet", "-R", "-o", path, dir)
			return path
		}, func(b []byte) {
			record := b[bytes.Index(b, []byte("NOTES.TXT;1"))-33:]
			binary.LittleEndian.PutUint32(record[2:], 1<<28)
		}},
		"squashfs": {func() string {
			path := image(0)
			oracle.Run(t, "mksquashfs", dir, path, "-quiet", "-no-progress", "-noappend", "-no-fragments")
			return path
		}, func(b []byte) { clear(b[100:110]) }},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(tt.make())
			must(t, err)
			b = append(b, make([]byte, 511-(len(b)+511)%512)...)
			root := part{typeLinux, ext4Of(t, rootUUID, "", system(nil))}
			clean := auditOf(t, root, part{typeLinux, b})
			if len(clean.Unread) != 0 {
				t.Errorf("unread as it is: %v", clean.Unread)
			}
			tt.damage(b)
			report := auditOf(t, root, part{typeLinux, b})
			if len(report.Unread) != 1 || report.Unread[0].Path != "/partition 2/notes.txt" {
				t.Errorf("unread: %v", report.Unread)
			}
			if report.Files != clean.Files {
				t.Errorf("%d files instead of %d", report.Files, clean.Files)
			}
		})
	}
}

// auditOf audits a disk. Its error is audit.ErrUnread if there is something that could not be read, and only then.
func auditOf(t *testing.T, parts ...part) *audit.Report {
	t.Helper()
	m, err := opened(t, mbrDisk(parts...))
	must(t, err)
	report, err := m.Audit(t.Context(), Facts{}, audit.Options{})
	if report == nil {
		t.Fatal(err)
	}
	if errors.Is(err, audit.ErrUnread) != (len(report.Unread) > 0) {
		t.Errorf("%v with %v unread", err, report.Unread)
	}
	return report
}
