package ext4

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/diskimg"
)

func TestJournalLayout(t *testing.T) {
	if n := binary.Size(journalSuper{}); n != journalSuperSize {
		t.Errorf("superblock takes %d bytes, want %d", n, journalSuperSize)
	}
}

// What debugfs puts into the journal is read as if it were in its place, until it is replayed, and after.
func TestReplay(t *testing.T) {
	const size = 4096
	escaped := append([]byte{0xc0, 0x3b, 0x39, 0x98}, bytes.Repeat([]byte("e"), size-4)...)
	for name, open := range map[string]string{"no checksums": "jo", "checksums v2": "jo -c -v 2", "checksums v3": "jo -c -v 3"} {
		for _, bits := range []string{"64bit", "^64bit"} {
			t.Run(name+" "+bits, func(t *testing.T) {
				dir := t.TempDir()
				write := func(name string, b []byte) string {
					path := filepath.Join(dir, name)
					if err := os.WriteFile(path, b, 0o600); err != nil {
						t.Fatal(err)
					}
					return path
				}
				content := bytes.Repeat([]byte("old "), 3*size/4)
				tree := t.TempDir()
				if err := os.WriteFile(filepath.Join(tree, "file"), content, 0o600); err != nil {
					t.Fatal(err)
				}
				path := image(t, tree, "-t ext4 -b 4096 -O "+bits+" -J size=4", 32)
				first := openImage(t, path)
				n, err := first.walk("file", false)
				if err != nil {
					t.Fatal(err)
				}
				l, err := n.leaf(0)
				if err != nil {
					t.Fatal(err)
				}
				at := l.runs[0].place
				debug(t, path, open,
					fmt.Sprintf("jw -b %d,%d %s", at, at+1, write("two", append(bytes.Repeat([]byte("1"), size), bytes.Repeat([]byte("2"), size)...))),
					fmt.Sprintf("jw -b %d %s", at+2, write("escaped", escaped)),
					fmt.Sprintf("jw -r %d", at+1), "jc")
				want := append(append(bytes.Repeat([]byte("1"), size), content[size:2*size]...), escaped...)

				f := openImage(t, path)
				if got, err := f.ReadFile("file"); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%.20q %.20q %.20q: %v", got[:size], got[size:2*size], got[2*size:], err)
				}
				if f.Info().State == "clean" {
					t.Error("it should need recovery")
				}
				debug(t, path, "jr")
				if got, err := openImage(t, path).ReadFile("file"); err != nil || !bytes.Equal(got, want) {
					t.Errorf("debugfs replays it differently: %v", err)
				}
			})
		}
	}
}

// A copy that was damaged in the journal is not taken for what was written.
func TestJournalCopies(t *testing.T) {
	content := bytes.Repeat([]byte("a copy "), 600)[:4096]
	block := filepath.Join(t.TempDir(), "block")
	if err := os.WriteFile(block, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"2", "3"} {
		path := image(t, "", "-t ext4 -b 4096 -J size=4", 32)
		debug(t, path, "jo -c -v "+version, "jw -b 5000 "+block, "jc")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(bytes.NewReader(b), int64(len(b)), nil); err != nil {
			t.Errorf("version %s: %v", version, err)
		}
		b[bytes.Index(b, content)+100] ^= 1
		_, err = Open(bytes.NewReader(b), int64(len(b)), nil)
		if !errors.Is(err, diskimg.ErrDamaged) || !strings.Contains(err.Error(), "copy of block 5000") {
			t.Errorf("version %s: %v", version, err)
		}
		if _, err = Open(bytes.NewReader(b), int64(len(b)), &OpenOptions{IgnoreChecksums: true}); err != nil {
			t.Errorf("version %s, checksums ignored: %v", version, err)
		}
	}
}

// What Linux committed fast and did not replay is refused, and what lies there of a transaction before is not.
func TestFastCommits(t *testing.T) {
	const size, fast, blocks = 4096, 16, 4096 + 16
	path := image(t, "", "-t ext4 -b 4096 -O fast_commit -J size=16", 64)
	block := filepath.Join(t.TempDir(), "block")
	if err := os.WriteFile(block, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	debug(t, path, "jo", "jw -b 9000 "+block, "jc")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := openImage(t, path)
	n, err := f.node(8)
	if err != nil || n.size != blocks*size {
		t.Fatalf("journal of %d bytes, %v", n.size, err)
	}
	m := mapping{n: n}
	place := func(block int64) int64 {
		r, err := m.at(block)
		if err != nil {
			t.Fatal(err)
		}
		return r.place * size
	}
	big, little := binary.BigEndian, binary.LittleEndian
	at := place(0)
	big.PutUint32(good[at+40:], big.Uint32(good[at+40:])|journalFastCommit)
	big.PutUint32(good[at+84:], fast)
	first := big.Uint32(good[at+24:])
	for _, tt := range []struct {
		name  string
		block int64
		next  uint32
		bad   bool
	}{
		{"pending", blocks - fast + 1, first + 1, true},
		{"old", blocks - fast + 1, first, false},
		{"between", blocks - fast, first + 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := bytes.Clone(good)
			head := b[place(tt.block):]
			little.PutUint16(head, 9)
			little.PutUint16(head[2:], 8)
			little.PutUint32(head[8:], tt.next)
			_, err := Open(bytes.NewReader(b), int64(len(b)), &OpenOptions{IgnoreChecksums: true})
			if bad := errors.Is(err, diskimg.ErrUnsupported); bad != tt.bad || !bad && err != nil {
				t.Errorf("refused: %v, want %v: %v", bad, tt.bad, err)
			}
		})
	}
}

func TestJournalLies(t *testing.T) {
	path := image(t, "", "-t ext4 -b 4096 -O ^metadata_csum -J size=4", 32)
	block := filepath.Join(t.TempDir(), "block")
	if err := os.WriteFile(block, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	debug(t, path, "jo", "jw -b 5000 "+block, "jc")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := openImage(t, path)
	n, err := f.node(8)
	if err != nil {
		t.Fatal(err)
	}
	l, err := n.leaf(0)
	if err != nil {
		t.Fatal(err)
	}
	at := l.runs[0].place * 4096
	big := binary.BigEndian
	start := at + 4096*int64(big.Uint32(good[at+28:]))
	tests := []struct {
		name  string
		off   int64
		value uint32
		want  string
	}{
		{"magic", at, 1, "has no superblock"},
		{"block size", at + 12, 1024, "blocks of 1024"},
		{"length", at + 16, 1 << 30, "blocks of 4096"},
		{"first", at + 20, 0, "blocks of 4096"},
		{"start", at + 28, 1 << 20, "blocks of 4096"},
		{"feature", at + 40, 0x1000, "feature 0x1000 is not known"},
		{"block outside", start + 12, 1 << 30, "block 1073741824 of"},
		{"no commit", start + 8, 77, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad := bytes.Clone(good)
			big.PutUint32(bad[tt.off:], tt.value)
			_, err := Open(bytes.NewReader(bad), int64(len(bad)), nil)
			if tt.want == "" && err == nil {
				return
			}
			if err == nil || tt.want == "" || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}
