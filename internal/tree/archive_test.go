package tree

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"amiforge/diskimg"
	"amiforge/internal/oracle"
)

// openArchive opens p and returns its lines.
func readArchive(t testing.TB, p []byte) ([]string, error) {
	t.Helper()
	src, err := OpenArchive(t.Context(), bytes.NewReader(p), "root.tar", nil)
	if err != nil {
		return nil, err
	}
	return describe(t, src)
}

// makeTar writes an archive with Go.
func makeTar(t testing.TB, headers ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		body := strings.Repeat("x", int(h.Size))
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func file(name string) *tar.Header { return &tar.Header{Name: name, Mode: 0o644, Size: 3} }

func TestArchiveOfGo(t *testing.T) {
	long := strings.Repeat("d/", 150) + strings.Repeat("n", 200)
	p := makeTar(t,
		&tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755},
		&tar.Header{Name: "/etc/", Typeflag: tar.TypeDir, Mode: 0o1777, Uid: 3_000_000_000, Gid: 1 << 31},
		&tar.Header{Name: "etc//./a", Mode: 0o4755, Size: 3},
		&tar.Header{Name: "b", Typeflag: tar.TypeLink, Linkname: "./etc/a"},
		&tar.Header{Name: "c", Typeflag: tar.TypeSymlink, Linkname: "../../etc/" + long},
		&tar.Header{Name: "null", Typeflag: tar.TypeChar, Mode: 0o666, Devmajor: 1, Devminor: 3},
		&tar.Header{Name: "disk", Typeflag: tar.TypeBlock, Mode: 0o660, Devmajor: 259, Devminor: 70000},
		&tar.Header{Name: "fifo", Typeflag: tar.TypeFifo, Mode: 0o600},
		&tar.Header{Name: long, Mode: 0o600, Size: 3},
		&tar.Header{Name: "x", Mode: 0o600, PAXRecords: map[string]string{
			"SCHILY.xattr.security.capability": "\x01\x00\x00\x02", "SCHILY.xattr.user.a%3Db%25": "=", "SCHILY.xattr.com.apple.quarantine": "q",
			"LIBARCHIVE.xattr.user.%C3%A9": "AAE=", "RHT.security.selinux": "a:b:c",
		}},
	)
	lines, err := readArchive(t, p)
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, lines,
		". drwxr-xr-x 0:0", "etc dtrwxrwxrwx 3000000000:2147483648", "etc/a urwxr-xr-x 0:0 xxx", "b is etc/a",
		"c Lrwxrwxrwx 0:0 -> ../../etc/"+long,
		"null Dcrw-rw-rw- 0:0 1,3", "disk Drw-rw---- 0:0 259,70000", "fifo prw------- 0:0", long+" -rw------- 0:0 xxx",
		`x -rw------- 0:0  security.capability="\x01\x00\x00\x02" security.selinux="a:b:c\x00" user.a=b%="=" user.é="\x00\x01"`,
	)
}

// A treeOf has about everything that a user may make, and root more.
func treeOf(t *testing.T) string {
	root := plant(t, "etc/passwd:root:x:0:0", "etc/link>passwd", "hard=etc/passwd", "empty", "dir/", "ünïcode:é",
		strings.Repeat("long-name/", 20)+"file:deep", "medium:"+strings.Repeat("0123456789", 50_000))
	f, err := os.Create(filepath.Join(root, "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 { // more than the header has room for
		f.WriteAt([]byte{1}, int64(i)<<17)
	}
	if err := errors.Join(f.Truncate(15<<20), f.Close(), unix.Mkfifo(filepath.Join(root, "fifo"), 0o600)); err != nil {
		t.Fatal(err)
	}
	unix.Setxattr(filepath.Join(root, "etc/passwd"), "user.note", []byte("a\x00=b"), 0)
	if os.Getuid() == 0 {
		unix.Mknod(filepath.Join(root, "null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3)))
		os.Lchown(filepath.Join(root, "etc/link"), 1234, 4321)
		capability := binary.LittleEndian.AppendUint32(nil, 0x02000001)
		unix.Setxattr(filepath.Join(root, "medium"), "security.capability", append(capability, make([]byte, 16)...), 0)
	}
	stamp := time.Unix(1700000000, 987654321)
	if err := os.Chtimes(filepath.Join(root, "medium"), stamp, stamp); err != nil {
		t.Fatal(err)
	}
	return root
}

// TestArchiveOfTools has the same tree as a directory and as what tools make of it.
func TestArchiveOfTools(t *testing.T) {
	root := treeOf(t)
	want, err := describe(t, openDir(t, root, nil))
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		want[i] = normal(want[i])
	}
	slices.Sort(want)
	tests := []struct {
		tool   string
		args   []string
		xattrs bool
	}{
		{"tar", []string{"--format=posix", "--xattrs", "--xattrs-include=*", "--acls", "--numeric-owner", "--sparse"}, true},
		{"tar", []string{"--format=posix", "--xattrs", "--xattrs-include=*", "--sparse", "--sparse-version=0.0"}, true},
		{"tar", []string{"--format=posix", "--xattrs", "--xattrs-include=*", "--sparse", "--sparse-version=0.1"}, true},
		{"tar", []string{"--format=posix", "--xattrs", "--xattrs-include=*", "--gzip"}, true},
		{"tar", []string{"--format=gnu", "--sparse"}, false},
		{"tar", []string{"--format=gnu", "--sparse", "--zstd"}, false},
		{"tar", []string{"--format=oldgnu", "--xz"}, false},
		{"bsdtar", []string{"--format=pax", "--xattrs", "--acls"}, true},
		{"bsdtar", []string{"--format=gnutar", "--bzip2"}, false},
		{"bsdtar", []string{"--format=gnutar", "--gzip"}, false},
		{"bsdtar", []string{"--format=gnutar", "--zstd"}, false},
		{"bsdtar", []string{"--format=gnutar", "--xz"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.tool+" "+strings.Join(tt.args, " "), func(t *testing.T) {
			for _, arg := range tt.args {
				if arg == "--zstd" || arg == "--xz" { // which tar calls
					oracle.Look(t, arg[2:])
				}
			}
			cmd := exec.Command(oracle.Look(t, tt.tool), append(tt.args, "-cf", "-", "-C", root, ".")...)
			got, err := readArchive(t, oracle.Output(t, cmd))
			if err != nil {
				t.Fatal(err)
			}
			wanted := slices.Clone(want)
			for i := range got {
				got[i] = normal(got[i])
			}
			slices.Sort(got)
			for i := range wanted {
				if !tt.xattrs {
					wanted[i], _, _ = strings.Cut(wanted[i], " user.")
					wanted[i], _, _ = strings.Cut(wanted[i], " security.")
				}
			}
			wantLines(t, got, wanted...)
		})
	}
}

// normal makes one line of what tools may give in another order, or with other holes.
func normal(line string) string {
	name, _, _ := strings.Cut(line, " ")
	switch name {
	case "hard", "etc/passwd": // either is the first
		return "etc/passwd and hard"
	}
	return line
}

// TestArchiveSparse compares the content of sparse files with what is on the disk.
func TestArchiveSparse(t *testing.T) {
	root := treeOf(t)
	for _, args := range [][]string{
		{"--format=posix", "--sparse"},
		{"--format=posix", "--sparse", "--sparse-version=0.0"},
		{"--format=posix", "--sparse", "--sparse-version=0.1"},
		{"--format=gnu", "--sparse"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			cmd := exec.Command(oracle.Look(t, "tar"), append(args, "-cf", "-", "-C", root, "sparse", "etc")...)
			src, err := OpenArchive(t.Context(), bytes.NewReader(oracle.Output(t, cmd)), "x", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			item, err := src.Next()
			if err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(filepath.Join(root, "sparse"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got, ok := item.Content.(diskimg.Source)
			if !ok || item.Size != 15<<20 || item.Name != "sparse" {
				t.Fatalf("%s of %d bytes is %T", item.Name, item.Size, item.Content)
			}
			d, err := diskimg.Open(f, 15<<20, &diskimg.OpenOptions{Format: diskimg.RAW})
			if err != nil {
				t.Fatal(err)
			}
			r := d.NewReader(t.Context())
			defer r.Close()
			if off, err := diskimg.Compare(got, r); off >= 0 || err != nil {
				t.Errorf("first difference at %d (%v)", off, err)
			}
			if rest := names(t, src); len(rest) != 3 {
				t.Errorf("then come %v", rest)
			}
		})
	}
}

// TestArchiveTimes has times to the nanosecond.
func TestArchiveTimes(t *testing.T) {
	p := makeTar(t, &tar.Header{
		Name: "f", Format: tar.FormatPAX, ModTime: time.Unix(-5, 999_999_999), AccessTime: time.Unix(1<<33, 1), ChangeTime: time.Unix(7, 0),
		PAXRecords: map[string]string{"LIBARCHIVE.creationtime": "9.5"},
	})
	src, err := OpenArchive(t.Context(), bytes.NewReader(p), "x", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	item, err := src.Next()
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(item.ModTime.UnixNano(), item.AccessTime.UnixNano(), item.ChangeTime.UnixNano(), item.BirthTime.UnixNano()); got != "-4000000001 8589934592000000001 7000000000 9500000000" {
		t.Error(got)
	}
}

// TestArchiveAgain has what is in an archive that was added to.
func TestArchiveAgain(t *testing.T) {
	dir := &tar.Header{Name: "d/", Typeflag: tar.TypeDir, Mode: 0o700}
	lines, err := readArchive(t, makeTar(t, dir, file("d/a"), dir, &tar.Header{Name: "d/a", Mode: 0o600, Size: 1}))
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, lines, "d drwx------ 0:0", "d/a -rw-r--r-- 0:0 xxx", "d drwx------ 0:0", "d/a -rw------- 0:0 x")
}

func TestArchiveHostile(t *testing.T) {
	good := makeTar(t, file("a"), file("b"))
	link := func(name, target string) *tar.Header {
		return &tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: target}
	}
	symlink := &tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "/etc"}
	squash := func(p []byte) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(p)
		w.Close()
		return b.Bytes()
	}
	damaged := squash(good)
	damaged[len(damaged)-6] ^= 1
	tests := []struct {
		name string
		p    []byte
		want string // "unexpected EOF" is io.ErrUnexpectedEOF
	}{
		{"nothing", nil, "empty"},
		{"no files", make([]byte, 1024), "no files"},
		{"a name with ..", makeTar(t, file("a/../../etc/passwd")), "has .."},
		{"..", makeTar(t, file("..")), "has .."},
		{"a hard link with ..", makeTar(t, file("a"), link("b", "../a")), "has .."},
		{"a hard link to nothing", makeTar(t, link("b", "a")), "does not have before it"},
		{"a hard link to itself", makeTar(t, link("a", "a")), "does not have before it"},
		{"a hard link to a directory", makeTar(t, &tar.Header{Name: "d/", Typeflag: tar.TypeDir}, link("b", "d")), "is a directory"},
		{"a hard link to a parent that was not given", makeTar(t, file("d/a"), link("b", "d")), "is a directory"},
		{"below a symbolic link", makeTar(t, symlink, file("l/passwd")), "below l"},
		{"below a symbolic link, far", makeTar(t, symlink, file("l/a/b/c")), "below l"},
		{"below a file", makeTar(t, file("a"), file("a/b")), "below a"},
		{"a file in the place of a directory", makeTar(t, file("a/b"), file("a")), "twice"},
		{"a directory in the place of a file", makeTar(t, file("a"), &tar.Header{Name: "a/", Typeflag: tar.TypeDir}), "twice"},
		{"a file that is its other name", makeTar(t, file("a"), link("a", "a")), "itself"},
		{"a root that is a file", makeTar(t, file(".")), "root"},
		{"cut in a header", good[:700], "unexpected EOF"},
		{"cut in a file", good[:514], "unexpected EOF"},
		{"cut in a block's rest", good[:1000], "unexpected EOF"},
		{"cut between files", good[:1024], "unexpected EOF"},
		{"cut before the end", good[:2048], "unexpected EOF"},
		{"cut in the end", good[:2048+100], "unexpected EOF"},
		{"gzip cut", squash(good)[:60], "unexpected EOF"},
		{"gzip without its checksum", squash(good)[:len(squash(good))-8], "unexpected EOF"},
		{"gzip damaged", damaged, "invalid checksum"},
		{"a lone zero block", append(append(bytes.Clone(good[:1024]), make([]byte, 512)...), good[1024:]...), "zero block"},
		{"zip", []byte("PK\x03\x04aaaaaaaaaaaaaaaaaaaaaaaaaaa"), "zip archive"},
		{"cpio", []byte("070701aaaaaaaaaaaaaaaaaaaaaaaaaaa"), "cpio archive"},
		{"text", bytes.Repeat([]byte("no archive\n"), 100), "no tar archive"},
		{"short text", []byte("no archive\n"), "no tar archive"},
		{"compressed text", squash([]byte("no archive\n")), "no tar archive"},
		{"compressed nothing", squash(nil), "empty"},
		{"a damaged header", append([]byte("b"), good[1:]...), "checksum is"},
		{"a size without end", sized(good, "77777777777"), "unexpected EOF"},
		{"a size of 63 bits", sized(good, "\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff"), "unexpected EOF"},
		{"a negative size", sized(good, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "size is -"},
		{"a size of 95 bits", sized(good, "\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "too large"},
		{"headers without end", bytes.Repeat(kind(good[:512], 'x', ""), 100), "headers before a file"},
		{"a huge extended header", kind(good, 'x', "77777777777"), "at most"},
		{"a huge name", kind(good, 'L', "77777777777"), "at most"},
		{"an unknown kind", kind(good, 'Z', ""), "not known"},
		{"another volume", kind(good, 'M', ""), "another volume"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines, err := readArchive(t, tt.p)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v after %q, want %q", err, lines, tt.want)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "root.tar: ") {
				t.Errorf("%v does not name the archive", err)
			}
			if tt.want == "unexpected EOF" && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%v is not io.ErrUnexpectedEOF", err)
			}
		})
	}
}

// kind gives the first header of an archive another kind, and a size if there is one.
func kind(p []byte, kind byte, size string) []byte {
	p = bytes.Clone(p)
	p[156] = kind
	if size == "" {
		size = "00000000000"
	}
	return sized(p, size)
}

// sized gives the first header of an archive another size.
func sized(p []byte, size string) []byte {
	p = bytes.Clone(p)
	clear(p[124:136])
	copy(p[124:136], size)
	copy(p[148:156], "        ")
	sum := 0
	for _, c := range p[:512] {
		sum += int(c)
	}
	copy(p[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return p
}

// TestArchiveHostileSparse has maps that do not fit.
func TestArchiveHostileSparse(t *testing.T) {
	tests := []struct {
		name    string
		records string
		data    string
		want    string
	}{
		{"beyond the size", "GNU.sparse.size=10 GNU.sparse.map=8,3", "xxx", "3 bytes at 8 of 10"},
		{"overlap", "GNU.sparse.size=10 GNU.sparse.map=0,2,1,1", "xxx", "after byte 2"},
		{"less than stored", "GNU.sparse.size=10 GNU.sparse.map=0,2", "xxx", "has 2 bytes, the archive 3"},
		{"overflow", "GNU.sparse.size=10 GNU.sparse.map=9223372036854775807,9223372036854775807", "xxx", "of 10"},
		{"odd", "GNU.sparse.size=10 GNU.sparse.map=1,1,1", "xxx", "half an entry"},
		{"no number", "GNU.sparse.size=10 GNU.sparse.map=a,b", "xxx", "not a number"},
		{"negative", "GNU.sparse.size=-1 GNU.sparse.map=0,3", "xxx", "not a number"},
		{"another version", "GNU.sparse.major=2 GNU.sparse.minor=0 GNU.sparse.realsize=3", "xxx", "version"},
		{"no lines", "GNU.sparse.major=1 GNU.sparse.minor=0 GNU.sparse.realsize=3", "xxx", "unexpected EOF"},
		{"many entries", "GNU.sparse.major=1 GNU.sparse.minor=0 GNU.sparse.realsize=3", "99999999999\n", "at most"},
		{"a long number", "GNU.sparse.major=1 GNU.sparse.minor=0 GNU.sparse.realsize=3", strings.Repeat("1", 100), "not a number"},
		{"cut", "GNU.sparse.major=1 GNU.sparse.minor=0 GNU.sparse.realsize=3", "2\n0\n1\n", "unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var records string
			for r := range strings.FieldsSeq(tt.records) {
				n := len(r) + 4
				if n > 99 {
					n++
				}
				records += fmt.Sprintf("%d %s\n", n, r)
			}
			p := makeTar(t, file("sparse"))[:512]
			member := append(sized(p, fmt.Sprintf("%011o", len(tt.data))), pad([]byte(tt.data))...)
			header := append(kind(p, 'x', fmt.Sprintf("%011o", len(records))), pad([]byte(records))...)
			_, err := readArchive(t, append(append(header, member...), make([]byte, 1024)...))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func pad(p []byte) []byte { return append(p, make([]byte, padding(int64(len(p))))...) }

// TestArchiveEnds tells of what follows the end.
func TestArchiveEnds(t *testing.T) {
	good := makeTar(t, file("a"))
	tests := []struct {
		name  string
		p     []byte
		warns bool
	}{
		{"as it is", good, false},
		{"one zero block", good[:1024+512], false},
		{"many zero blocks", append(bytes.Clone(good), make([]byte, 1<<20)...), false},
		{"garbage", append(bytes.Clone(good), "garbage"...), true},
		{"another archive", append(bytes.Clone(good), good...), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			warned := 0
			src, err := OpenArchive(t.Context(), bytes.NewReader(tt.p), "x", &ArchiveOptions{Warn: func(string) { warned++ }})
			if err != nil {
				t.Fatal(err)
			}
			if got := names(t, src); len(got) != 1 || (warned == 1) != tt.warns {
				t.Errorf("%v, and it warns %d times", got, warned)
			}
		})
	}
}

// TestArchiveWindow has zstd files that want more memory than they get [RFC 8878, 3.1.1.1]: with a window of 2 GiB, and with
// one as long as the content.
func TestArchiveWindow(t *testing.T) {
	for _, frame := range []string{"\x00\xa8", "\xe0\x00\x00\x00\x80\x00\x00\x00\x00"} {
		_, err := OpenArchive(t.Context(), strings.NewReader("\x28\xb5\x2f\xfd"+frame+"\x01\x00\x00"), "x", nil)
		if err == nil || !strings.Contains(err.Error(), "window of more than 128 MiB") {
			t.Errorf("%q: %v", frame, err)
		}
	}
}

func TestArchiveCancel(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(makeTar(t, file("a"), file("b")))
	w.Close()
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	src, err := OpenArchive(ctx, &b, "x", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := src.Next(); err != nil {
		t.Fatal(err)
	}
	cancel(enough)
	if _, err := src.Next(); !errors.Is(err, enough) {
		t.Error(err)
	}
}

func TestParseACL(t *testing.T) {
	id := func(tag, perm uint16, id uint32) string {
		p := binary.LittleEndian.AppendUint16(nil, tag)
		p = binary.LittleEndian.AppendUint16(p, perm)
		return string(binary.LittleEndian.AppendUint32(p, id))
	}
	const none = 1<<32 - 1
	full := "\x02\x00\x00\x00" + id(1, 7, none) + id(2, 5, 7) + id(2, 6, 1000) + id(4, 5, none) + id(8, 4, 50) + id(16, 7, none) + id(32, 0, none)
	tests := []struct{ text, want string }{
		{"user::rwx,user:1000:rw-,user:7:r-x,group::r-x,group:50:r--,mask::rwx,other::---", full},
		{"user::rwx\nuser:joe:rw-:1000\nuser:7:r-x\t#effective:r-x\ngroup::r-x\ngroup:staff:r--:50\nmask::rwx\nother::---\n", full},
		{"u::rwx,g::r-x,o::r-x", "\x02\x00\x00\x00" + id(1, 7, none) + id(4, 5, none) + id(32, 5, none)},
		{"user::rwx,user:joe:rwx,group::r-x,mask::rwx,other::r-x", "\x02\x00\x00\x00" + id(1, 7, none) + id(4, 5, none) + id(16, 7, none) + id(32, 5, none)},
		{"user::rwx,user:1:rwx,group::r-x,other::r-x", ""},
		{"user::rwx,user:1:rwx,user:1:r--,group::r-x,mask::rwx,other::r-x", ""},
		{"user::rwx", ""},
		{"user::abc,group::r-x,other::r-x", ""},
		{"nobody::rwx", ""},
		{"user", ""},
		{"", ""},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			list, unnumbered, err := parseACL(tt.text)
			if wants := strings.Contains(tt.text, ":joe:rwx"); wants != (len(unnumbered) == 1) {
				t.Errorf("without a number: %q", unnumbered)
			}
			got := ""
			if err == nil {
				got = string(list.value())
			}
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("%x, %v", got, err)
			}
		})
	}
}

// TestArchiveACL has access control lists as setfacl makes them, through GNU tar and bsdtar.
func TestArchiveACL(t *testing.T) {
	root := plant(t, "file:x", "dir/")
	if out, err := exec.Command(oracle.Look(t, "setfacl"), "-m", "u:12345:rwx,g:54321:r", filepath.Join(root, "file")).CombinedOutput(); err != nil {
		oracle.Skipf(t, "no access control lists: %s", out)
	}
	oracle.Run(t, "setfacl", "-d", "-m", "u:12345:rwx", filepath.Join(root, "dir"))
	want, err := describe(t, openDir(t, root, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"tar", "bsdtar"} {
		cmd := exec.Command(oracle.Look(t, tool), "--acls", "--format=pax", "-cf", "-", "-C", root, ".")
		got, err := readArchive(t, oracle.Output(t, cmd))
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		slices.Sort(want)
		wantLines(t, got, want...)
	}
}

// FuzzArchive reads anything: it ends, without much memory, and what it gives is sound.
func FuzzArchive(f *testing.F) {
	f.Add(makeTar(f, file("a"), file("b")))
	f.Add(makeTar(f, &tar.Header{Name: "x", Format: tar.FormatPAX, PAXRecords: map[string]string{"SCHILY.acl.access": "user::rwx"}}))
	f.Add(makeTar(f, &tar.Header{Name: strings.Repeat("n", 200), Format: tar.FormatGNU, Typeflag: tar.TypeSymlink, Linkname: "y"}))
	f.Add([]byte("\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, p []byte) {
		src, err := OpenArchive(t.Context(), bytes.NewReader(p), "x", nil)
		if err != nil {
			return
		}
		defer src.Close()
		for {
			item, err := src.Next()
			if err != nil {
				return
			}
			if !fs.ValidPath(item.Name) && strings.ToValidUTF8(item.Name, "") == item.Name {
				t.Errorf("%q is no name", item.Name)
			}
			if item.Mode.IsRegular() != (item.Content != nil) && item.HardLink == "" {
				t.Errorf("%s is %v and has content: %t", item.Name, item.Mode, item.Content != nil)
			}
			if item.Content != nil && item.Size <= 1<<20 {
				content(t, item)
			}
		}
	})
}
