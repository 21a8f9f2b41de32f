package filesystem

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/internal/oracle"
)

// isoImage makes an image of the files of a map from name to content.
func isoImage(t testing.TB, files map[string]string, options ...string) []byte {
	t.Helper()
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "image")
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			if err := os.Symlink(target, file); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	oracle.Run(t, "genisoimage", append(append([]string{"-quiet"}, options...), "-o", path, dir)...)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestISONames(t *testing.T) {
	files := map[string]string{"User-Data": "1", ".hidden": "2", "Dir/Dir/Dir/a file ☃.Text": "3", "Dir/b": "4"}
	tests := []struct {
		name    string
		options []string
		want    map[string]string
	}{
		{"Rock Ridge", []string{"-R"}, files},
		{"Rock Ridge and Joliet", []string{"-R", "-J"}, files},
		{"Joliet", []string{"-J"}, files},
		{"neither", []string{"-input-charset", "utf-8"}, map[string]string{"user_dat": "1", "_hidden": "2", "dir/dir/dir/a_file__.tex": "3", "dir/b": "4"}},
		{"long ones", []string{"-l", "-allow-leading-dots", "-input-charset", "utf-8"}, map[string]string{"user_data": "1", ".hidden": "2", "dir/dir/dir/a_file____.text": "3", "dir/b": "4"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := isoImage(t, files, tt.options...)
			f, _, err := Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := content(f)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

// Bytes of another character set are told apart, and not made UTF-8.
func TestISOForeignNames(t *testing.T) {
	b := isoImage(t, map[string]string{"A1": "1", "A2": "2"})
	for name, to := range map[string]string{"A1": "\xc4B", "A2": "\xd6B"} {
		i := bytes.Index(b, []byte(name+".;1"))
		copy(b[i:], to)
	}
	f, _, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := content(f); err != nil || got["\xc4b"] != "1" || got["\xd6b"] != "2" {
		t.Errorf("%q, %v", got, err)
	}
}

// The first tree of Joliet is the one that Linux shows.
func TestISOTwoJoliets(t *testing.T) {
	b := isoImage(t, map[string]string{"A file": "1"}, "-J")
	const primary, joliet, end = isoFirst * isoSector, (isoFirst + 1) * isoSector, (isoFirst + 2) * isoSector
	if b[joliet] != isoSupplementary || b[end] != isoEnd || b[end+isoSector] != 0 {
		t.Fatal("the descriptors are elsewhere")
	}
	copy(b[end+isoSector:], b[end:][:isoSector])
	copy(b[end:], b[joliet:][:isoSector])
	copy(b[end+156:], b[primary+156:][:34])
	f, _, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := content(f); err != nil || got["A file"] != "1" {
		t.Errorf("%q, %v", got, err)
	}
}

// isoRecordOf returns where the record with a name in Rock Ridge is.
func isoRecordOf(t testing.TB, b []byte, name string) int {
	t.Helper()
	at := bytes.Index(b, append([]byte{'N', 'M', byte(5 + len(name)), 1, 0}, name...))
	for i := at / isoSector * isoSector; at >= 0 && b[i] != 0; i += int(b[i]) {
		if at > i && at < i+int(b[i]) {
			return i
		}
	}
	t.Fatalf("%q is not there", name)
	return 0
}

// fieldOf returns what a record has behind the letters, length and version of a field.
func fieldOf(t testing.TB, b []byte, record int, kind string) []byte {
	t.Helper()
	i := bytes.Index(b[record:record+int(b[record])], []byte(kind))
	if i < 0 {
		t.Fatalf("there is no field %s", kind)
	}
	return b[record+i:]
}

// What go-diskfs overlooks is seen, or is an error.
func TestISOContent(t *testing.T) {
	order := binary.LittleEndian
	const size = 3 * isoSector
	whole := strings.Repeat("1", isoSector) + strings.Repeat("2", isoSector) + strings.Repeat("3", isoSector)
	tests := []struct {
		name, want, err string
		patch           func(t *testing.T, b []byte)
	}{
		{"as it is", whole, "", func(*testing.T, []byte) {}},
		{"behind attributes", whole[isoSector:], "", func(t *testing.T, b []byte) {
			r := b[isoRecordOf(t, b, "whole"):]
			r[1] = 1
			order.PutUint32(r[10:], size-isoSector)
		}},
		{"in two pieces", whole + "more", "", func(t *testing.T, b []byte) {
			r, more := b[isoRecordOf(t, b, "whole"):], b[isoRecordOf(t, b, "whole2"):]
			r[25] = isoMore
			field := fieldOf(t, more, 0, "NM")
			field[2], field[10] = 10, 0 // the name is shorter
			copy(field[10:], "XX\x01")
			field[10], field[11], field[12] = 0, 0, 0
		}},
		{"more of another file", "", "whole: more of it is missing", func(t *testing.T, b []byte) { b[isoRecordOf(t, b, "whole")+25] = isoMore }},
		{"between others", "", "files between each other are not supported", func(t *testing.T, b []byte) { b[isoRecordOf(t, b, "whole")+26] = 1 }},
		{"compressed", "", "zisofs compression is not supported", func(t *testing.T, b []byte) { copy(fieldOf(t, b, isoRecordOf(t, b, "whole"), "TF"), "ZF") }},
		{"sparse", "", "a sparse file of Rock Ridge is not supported", func(t *testing.T, b []byte) { copy(fieldOf(t, b, isoRecordOf(t, b, "whole"), "TF"), "SF") }},
		{"beyond the end", "", "unexpected EOF", func(t *testing.T, b []byte) { order.PutUint32(b[isoRecordOf(t, b, "whole")+2:], 1<<30) }},
	}
	good := isoImage(t, map[string]string{"whole": whole, "whole2": "more"}, "-R")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := bytes.Clone(good)
			tt.patch(t, b)
			f, _, err := Open(bytes.NewReader(b), int64(len(b)))
			var got []byte
			if err == nil {
				got, err = f.ReadFile("whole")
			}
			if fmt.Sprint(err) == "<nil>" && tt.err != "" || err != nil && (tt.err == "" || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("%v, want %q", err, tt.err)
			}
			if err == nil && string(got) != tt.want {
				t.Errorf("%d bytes differ from %d", len(got), len(tt.want))
			}
		})
	}
}

func TestISOHostile(t *testing.T) {
	order := binary.LittleEndian
	const primary, rootAt = isoFirst * isoSector, isoFirst*isoSector + 156
	tests := []struct {
		name, want string
		patch      func(t *testing.T, b []byte)
	}{
		{"root directory of 4 GiB", "a directory of 4294967295 bytes", func(t *testing.T, b []byte) { order.PutUint32(b[rootAt+10:], ^uint32(0)) }},
		{"root directory beyond the end", "of 12582912 bytes at byte", func(t *testing.T, b []byte) { order.PutUint32(b[rootAt+10:], 12<<20) }},
		{"root directory nowhere", "unexpected EOF", func(t *testing.T, b []byte) { order.PutUint32(b[rootAt+2:], ^uint32(0)) }},
		{"more of a file at the end", "last: more of it is missing", func(t *testing.T, b []byte) { b[isoRecordOf(t, b, "last")+25] = isoMore }},
		{"no end of descriptors", "there is no primary", func(t *testing.T, b []byte) { b[primary] = 3 }},
		{"small blocks", "blocks of 1024 bytes are not supported", func(t *testing.T, b []byte) { order.PutUint16(b[primary+128:], 1024) }},
		{"a directory in itself", "the directory is in itself", func(t *testing.T, b []byte) {
			copy(b[isoRecordOf(t, b, "below")+2:], b[isoRecordOf(t, b, "dir")+2:][:16])
		}},
		{"the root in a directory", "the directory is in itself", func(t *testing.T, b []byte) {
			copy(b[isoRecordOf(t, b, "below")+2:], b[rootAt+2:][:16])
		}},
		{"a record that is too short", "a directory record of 33 bytes", func(t *testing.T, b []byte) { b[isoRecordOf(t, b, "dir")] = 33 }},
		{"a name longer than its record", "a directory record of", func(t *testing.T, b []byte) { b[isoRecordOf(t, b, "dir")+32] = 255 }},
		{"a field longer than its record", "a field of 255 bytes", func(t *testing.T, b []byte) { fieldOf(t, b, isoRecordOf(t, b, "dir"), "PX")[2] = 255 }},
		{"fields in a circle", "go on more than 32 times", func(t *testing.T, b []byte) { continued(b, isoRecordOf(t, b, "dir"), 0, 36) }},
		{"fields without end", "are of more than 8192 bytes", func(t *testing.T, b []byte) { continued(b, isoRecordOf(t, b, "dir"), 0, 4096) }},
		{"fields of 4 GiB", "4294967295 bytes of fields", func(t *testing.T, b []byte) { continued(b, isoRecordOf(t, b, "dir"), 0, ^uint32(0)) }},
		{"fields beyond a block", "36 bytes of fields at byte 4294967295", func(t *testing.T, b []byte) { continued(b, isoRecordOf(t, b, "dir"), ^uint32(0), 36) }},
		{"a link without a target", "link: the symbolic link has no target", func(t *testing.T, b []byte) { copy(fieldOf(t, b, isoRecordOf(t, b, "link"), "SL"), "XX") }},
		{"a part longer than its link", "a part of 257 bytes", func(t *testing.T, b []byte) { fieldOf(t, b, isoRecordOf(t, b, "link"), "SL")[6] = 255 }},
		{"a child that is no directory", "a directory record of 0 bytes", func(t *testing.T, b []byte) {
			record := isoRecordOf(t, b, "link")
			f := fieldOf(t, b, record, "SL")
			copy(f, "CL")
			order.PutUint32(f[4:], 1)
			order.PutUint32(fieldOf(t, b, record, "PX")[4:], 0o100644)
		}},
	}
	good := isoImage(t, map[string]string{"dir/below/file": "1", "file": "2", "sub/last": "3", "link": "-> directory/file"}, "-R")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := bytes.Clone(good)
			tt.patch(t, b)
			f, _, err := Open(bytes.NewReader(b), int64(len(b)))
			if err == nil {
				_, err = content(f)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// continued makes the fields of a record go on in a block that says to go on there, for ever.
func continued(b []byte, record int, offset, size uint32) {
	order := binary.LittleEndian
	ce := make([]byte, 28)
	copy(ce, "CE\x1c\x01")
	const block = 5 // of what is before the descriptors
	order.PutUint32(ce[4:], block)
	order.PutUint32(ce[12:], offset)
	order.PutUint32(ce[20:], size)
	copy(b[block*isoSector:], ce)
	name := int(b[record+32])
	copy(b[record+isoRecordSize+name+(name+1)%2:], ce)
}

func TestISOComponents(t *testing.T) {
	tests := []struct{ fields, want string }{
		{"\x08\x00\x00\x01a", "/a"},
		{"\x08\x00\x04\x00\x00\x01a", "/../a"},
		{"\x00\x01a\x08\x00\x00\x01b", "a//b"},
		{"\x01\x01a\x00\x01b\x02\x00", "ab/."},
	}
	for _, tt := range tests {
		var r rock
		if err := r.components([]byte(tt.fields)); err != nil || r.link != tt.want {
			t.Errorf("%q: %q, %v, want %q", tt.fields, r.link, err, tt.want)
		}
	}
}

func TestReadRecord(t *testing.T) {
	good := make([]byte, 40)
	good[0], good[32] = 38, 3
	copy(good[33:], "abcde")
	if e, err := readRecord(good); err != nil || string(e.name) != "abc" || string(e.use) != "de" {
		t.Errorf("%q, %q, %v", e.name, e.use, err)
	}
	good[32] = 4
	if e, err := readRecord(good); err != nil || string(e.name) != "abcd" || len(e.use) != 0 {
		t.Errorf("%q, %q, %v", e.name, e.use, err)
	}
	for _, tt := range []struct{ left, length, name int }{
		{1, 40, 1}, {33, 33, 1}, {34, 40, 1}, {40, 33, 1}, {40, 0, 1}, {40, 255, 1}, {40, 40, 8}, {40, 40, 255}, {40, 40, 0},
	} {
		b := make([]byte, 40)
		b[0], b[32] = byte(tt.length), byte(tt.name)
		if e, err := readRecord(b[:tt.left]); tt.name == 0 && err != nil || tt.name > 0 && err == nil {
			t.Errorf("%+v: %+v, %v", tt, e, err)
		}
	}
}

func TestUnixMode(t *testing.T) {
	for mode, want := range map[uint32]fs.FileMode{
		0o100644: 0o644, 0o104755: fs.ModeSetuid | 0o755, 0o102755: fs.ModeSetgid | 0o755, 0o041777: fs.ModeDir | fs.ModeSticky | 0o777,
		0o120777: fs.ModeSymlink | 0o777, 0o060660: fs.ModeDevice | 0o660, 0o020666: fs.ModeDevice | fs.ModeCharDevice | 0o666,
		0o010600: fs.ModeNamedPipe | 0o600, 0o140755: fs.ModeSocket | 0o755, 0o755: fs.ModeIrregular | 0o755,
	} {
		if got := unixMode(mode); got != want {
			t.Errorf("%#o: %v, want %v", mode, got, want)
		}
	}
}
