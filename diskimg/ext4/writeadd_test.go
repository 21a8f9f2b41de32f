package ext4

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"amiforge/internal/oracle"
)

// An op adds an entry with content, or where link is set a hard link to it.
type op struct {
	entry   Entry
	content string
	link    string
}

func (o op) do(w *Writer) error {
	if o.link != "" {
		return w.Link(o.entry.Name, o.link)
	}
	return addString(w, o.entry, o.content)
}

func file(name, content string) op {
	return op{entry: Entry{Name: name, Mode: 0o644}, content: content}
}
func dir(name string) op          { return op{entry: Entry{Name: name, Mode: fs.ModeDir | 0o750}} }
func link(name, target string) op { return op{entry: Entry{Name: name}, link: target} }

func symlink(name, target string) op {
	return op{entry: Entry{Name: name, Mode: fs.ModeSymlink | 0o777, Link: target}}
}

// TestRefused has entries that a hostile archive may have. What came before them stays, and more can come.
func TestRefused(t *testing.T) {
	long := strings.Repeat("n", 256)
	attr := func(name, value string) op {
		return op{entry: Entry{Name: "x", Mode: 0o644, Xattrs: []Xattr{{name, []byte(value)}}}}
	}
	for _, tt := range []struct {
		name string
		op   op
		want string
	}{
		{"no name", file("", ""), `add "": the name is empty`},
		{"absolute", file("/etc/passwd", ""), "empty, absolute"},
		{"trailing slash", dir("etc/"), "empty element"},
		{"two slashes", file("etc//passwd", ""), "empty element"},
		{"dot dot", file("..", ""), `the element ".."`},
		{"dot dot inside", file("etc/../../x", ""), `the element ".."`},
		{"dot inside", file("etc/./x", ""), `the element "."`},
		{"zero byte", file("etc/a\x00b", ""), "zero byte"},
		{"long", file("etc/"+long, ""), "256 bytes, more than 255"},
		{"long directory", file(long+"/x", ""), "256 bytes, more than 255"},
		{"below a file", file("f/x", ""), `"f", which it is in, is no directory but a file`},
		{"far below a file", file("d/f/x/y", ""), `"d/f", which it is in, is no directory but a file`},
		{"through a symbolic link", file("l/x", ""), `"l", which it is in, is no directory but a symbolic link`},
		{"through a link to the root", file("up/etc/passwd", ""), "is no directory but a symbolic link"},
		{"below a fifo", file("p/x", ""), "is no directory but a fifo"},
		{"root as a file", file(".", ""), "there is a directory of that name"},
		{"over a directory", file("d", ""), "there is a directory of that name"},
		{"link over a directory", symlink("d", "f"), "there is a directory of that name"},
		{"over lost+found", file("lost+found", ""), "there is a directory of that name"},
		{"hard link over a directory", link("d", "f"), "there is a directory of that name"},
		{"hard link over lost+found", link("lost+found", "f"), "there is a directory of that name"},
		{"hard link to nothing", link("y", "missing"), `link "y" to "missing": the target is not there`},
		{"hard link to a directory", link("y", "d"), `link "y" to "d": the target is a directory`},
		{"hard link below a file", link("f/y", "f"), "is no directory but a file"},
		{"hard link through a file", link("y", "f/f"), "the target is not there"},
		{"hard link to outside", link("y", "../etc/shadow"), `the element ".."`},
		{"hard link to the root", link("y", "."), `the element "."`},
		{"hard link outside", link("../y", "f"), `the element ".."`},
		{"hard link from nothing", link("", "f"), "the name is empty"},
		{"empty target", symlink("y", ""), "a target of 0 bytes"},
		{"long target", symlink("y", strings.Repeat("a", 4096)), "a target of 4096 bytes"},
		{"target with a zero byte", symlink("y", "a\x00b"), "the target has a zero byte"},
		{"irregular", op{entry: Entry{Name: "y", Mode: fs.ModeIrregular}}, "of no type that ext4 has"},
		{"two types", op{entry: Entry{Name: "y", Mode: fs.ModeDir | fs.ModeSymlink}}, "of no type that ext4 has"},
		{"major", op{entry: Entry{Name: "y", Mode: fs.ModeDevice, Major: 4096}}, "device 4096:0 is not possible"},
		{"minor", op{entry: Entry{Name: "y", Mode: fs.ModeDevice, Minor: 1 << 20}}, "device 0:1048576 is not possible"},
		{"namespace", attr("com.apple.quarantine", "x"), `attribute "com.apple.quarantine": the namespace is unknown`},
		{"no namespace", attr("selinux", "x"), "the namespace is unknown"},
		{"only a namespace", attr("user.", "x"), "a name of 0 bytes"},
		{"long attribute", attr("user."+long, "x"), "a name of 256 bytes"},
		{"attribute with a zero byte", attr("user.a\x00b", "x"), "is not possible"},
		{"large attribute", attr("user.a", strings.Repeat("x", 5000)), `attribute "user.a": 5000 bytes are more than`},
		{"inline data", attr("system.data", "x"), "content in the inode"},
		{"no ACL", attr("system.posix_acl_access", ""), "has not whole entries"},
		{"half an ACL", attr("system.posix_acl_access", testACL[:10]), "has not whole entries"},
		{"ACL of version 1", attr("system.posix_acl_access", "\x01\x00\x00\x00"), "has version 1, not 2"},
		{"ACL of what", attr("system.posix_acl_default", "\x02\x00\x00\x00\x03\x00\x07\x00\xff\xff\xff\xff"), "unknown kind"},
		{"attribute twice", op{entry: Entry{Name: "x", Mode: 0o644, Xattrs: []Xattr{{"user.a", nil}, {"user.a", nil}}}}, "is there twice"},
		{"many attributes", op{entry: Entry{Name: "x", Mode: 0o644, Xattrs: []Xattr{
			{"user.a", noise(3000, 1)}, {"user.b", noise(2000, 1)},
		}}}, "attribute user.a of 3000 bytes: all attributes together"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := makeFile(t, testOptions(0), func(w *Writer) {
				for _, o := range []op{file("f", "kept"), file("d/f", ""), symlink("l", "d"), symlink("up", "/")} {
					if err := o.do(w); err != nil {
						t.Fatal(err)
					}
				}
				mustAdd(t, w, Entry{Name: "p", Mode: fs.ModeNamedPipe}, "")
				if err := tt.op.do(w); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				mustAdd(t, w, Entry{Name: "after", Mode: 0o644}, "")
			})
			fsck(t, path)
			if got := debugfs(t, path, "cat f"); got != "kept" {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestLinkMissing(t *testing.T) {
	w, err := Create(discard{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Link("a", "b"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestReplace has names that come again, and directories that come late or not at all.
func TestReplace(t *testing.T) {
	for _, tt := range []struct {
		name string
		ops  []op
		want map[string]string // what debugfs says of a name
	}{
		{"file by file", []op{file("a", "1"), file("a", "2")}, map[string]string{"a": "Size: 1"}},
		{"file by directory", []op{file("a", "1"), dir("a"), file("a/b", "")}, map[string]string{"a": "Type: directory"}},
		{"symbolic link by directory", []op{symlink("a", "/etc"), dir("a"), file("a/b", "")}, map[string]string{"a/b": "Type: regular"}},
		{"empty directory by file", []op{dir("a"), file("a", "1")}, map[string]string{"a": "Type: regular"}},
		{"directory by directory", []op{file("a/b", ""), dir("a")}, map[string]string{"a": "Mode:  0750", "a/b": "regular"}},
		{"implicit directory", []op{file("a/b/c", "")}, map[string]string{"a/b": "Mode:  0755"}},
		{"one of two names", []op{file("a", "12"), link("b", "a"), file("a", "1")}, map[string]string{"b": "Links: 1", "a": "Size: 1"}},
		{"two of two names", []op{file("a", "12"), link("b", "a"), file("a", "1"), file("b", "3")}, map[string]string{"b": "Size: 1"}},
		{"name by the same link", []op{file("a", "12"), link("b", "a"), link("b", "a"), link("a", "b")}, map[string]string{"a": "Links: 2"}},
		{"name by itself", []op{file("a", "12"), link("a", "a")}, map[string]string{"a": "Links: 1"}},
		{"file by link", []op{file("a", "12"), file("b", "123"), link("b", "a")}, map[string]string{"b": "Size: 2"}},
		{"directory by link", []op{file("a", "12"), dir("b"), link("b", "a")}, map[string]string{"b": "Links: 2"}},
		{"link to a symbolic link", []op{symlink("a", "x"), link("b", "a")}, map[string]string{"b": "Type: symlink"}},
		{"the directory that was last used", []op{file("a/b", ""), dir("a/d"), file("a/d", ""), dir("a/d"), file("a/d/e", "")}, map[string]string{"a/d/e": "regular"}},
		{"the directory that an entry was refused in", []op{dir("d"), file("d", "1"), dir("d"), file("d/x", "")}, map[string]string{"d/x": "regular"}},
		{"the root", []op{dir(".")}, map[string]string{"/": "Mode:  0750"}},
		{"lost+found", []op{dir("lost+found"), file("lost+found/a", "")}, map[string]string{"lost+found": "Inode: 11 "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := makeFile(t, testOptions(0), func(w *Writer) {
				for _, o := range tt.ops {
					if err := o.do(w); err != nil {
						t.Fatal(err)
					}
				}
			})
			fsck(t, path)
			for name, want := range tt.want {
				if stat := debugfs(t, path, "stat "+name); !strings.Contains(stat, want) {
					t.Errorf("%s: want %q\n%s", name, want, stat)
				}
			}
		})
	}
}

func TestLinks(t *testing.T) {
	path := makeFile(t, testOptions(0), func(w *Writer) {
		mustAdd(t, w, Entry{Name: "f", Mode: 0o644}, "")
		for i := range linkMax - 1 {
			if err := w.Link(fmt.Sprint("links/", i), "f"); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Link("more", "f"); err == nil || !strings.Contains(err.Error(), "has 65000 names, which is the most") {
			t.Error(err)
		}
	})
	fsck(t, path)
}

// TestAttributes compares what stat of debugfs says: owners, modes, devices and times to the nanosecond.
func TestAttributes(t *testing.T) {
	at := func(sec, nsec int64) time.Time { return time.Unix(sec, nsec) }
	for _, tt := range []struct {
		name  string
		entry Entry
		want  []string
	}{
		{"owner", Entry{Mode: 0o640, UID: 70000, GID: 1<<32 - 2}, []string{"User: 70000", "Group:    -2 ", "Mode:  0640"}},
		{"set", Entry{Mode: fs.ModeSetuid | fs.ModeSetgid | 0o755}, []string{"Mode:  06755"}},
		{"sticky", Entry{Mode: fs.ModeDir | fs.ModeSticky | 0o777}, []string{"Mode:  01777", "directory"}},
		{"old device", Entry{Mode: fs.ModeDevice | fs.ModeCharDevice, Major: 255, Minor: 255}, []string{"character special", "255:255"}},
		{"new device", Entry{Mode: fs.ModeDevice, Major: 259, Minor: 65536 + 3}, []string{"block special", "259:65539"}},
		{"new device by its minor", Entry{Mode: fs.ModeDevice, Major: 8, Minor: 256}, []string{"(New-style) Device major/minor number: 08:256"}},
		{"times", Entry{
			Mode: 0o644, ModTime: at(1, 1), AccessTime: at(2, 999_999_999), ChangeTime: at(3, 3), BirthTime: at(4, 4),
		}, []string{"mtime: 0x00000001:00000004", "atime: 0x00000002:ee6b27fc", "ctime: 0x00000003:0000000c", "crtime: 0x00000004:00000010"}},
		{"one time", Entry{Mode: 0o644, ModTime: at(5, 0)}, []string{"mtime: 0x00000005:00000000", "crtime: 0x00000005:00000000"}},
		{"no time", Entry{Mode: 0o644}, []string{"mtime: 0x6553f100:00000000"}},
		{"1901", Entry{Mode: 0o644, ModTime: at(-1<<31, 0)}, []string{"mtime: 0x80000000:00000000"}},
		{"1969", Entry{Mode: 0o644, ModTime: at(-1, 5)}, []string{"mtime: 0xffffffff:00000014"}},
		{"2038", Entry{Mode: 0o644, ModTime: at(1<<31, 0)}, []string{"mtime: 0x80000000:00000001"}},
		{"2106", Entry{Mode: 0o644, ModTime: at(1<<32, 0)}, []string{"mtime: 0x00000000:00000001"}},
		{"2446", Entry{Mode: 0o644, ModTime: at(maxSeconds, 7)}, []string{"mtime: 0x7fffffff:0000001f"}},
		{"before 1901", Entry{Mode: 0o644, ModTime: at(-1<<40, 5)}, []string{"mtime: 0x80000000:00000000"}},
		{"after 2446", Entry{Mode: 0o644, ModTime: at(1<<40, 5)}, []string{"mtime: 0x7fffffff:ee6b27ff"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.entry.Name = "f"
			path := makeFile(t, testOptions(0), func(w *Writer) { mustAdd(t, w, tt.entry, "") })
			fsck(t, path)
			stat := debugfs(t, path, "stat f")
			for _, want := range tt.want {
				if !strings.Contains(stat, want) {
					t.Errorf("want %q\n%s", want, stat)
				}
			}
		})
	}
}

// TestXattrs compares attributes of all sizes with what debugfs reads.
func TestXattrs(t *testing.T) {
	for _, tt := range []struct {
		name   string
		xattrs []Xattr
	}{
		{"in the inode", []Xattr{{"security.capability", []byte("\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")}}},
		{"no value", []Xattr{{"user.a", nil}}},
		{"what fills the inode", []Xattr{{"user.abcd", noise(inodeAttrs-8-20, 1)}}},
		{"what does not fit into it", []Xattr{{"user.abcd", noise(inodeAttrs-8-19, 1)}}},
		{"in both", []Xattr{{"user.long", noise(200, 1)}, {"user.short", noise(5, 2)}, {"trusted.x", noise(7, 3)}}},
		{"what fills a block", []Xattr{{"user.abcd", noise(blockSize-32-4-20, 1)}}},
		{"many", manyXattrs(100)},
		{"a name of 255 bytes", []Xattr{{"user." + strings.Repeat("n", 255), noise(4, 1)}}},
		{"a name of other bytes", []Xattr{{"user.\xc3\xa4\xff", noise(300, 1)}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := makeFile(t, testOptions(0), func(w *Writer) {
				mustAdd(t, w, Entry{Name: "f", Mode: 0o644, Xattrs: tt.xattrs}, "")
				mustAdd(t, w, Entry{Name: "d", Mode: fs.ModeDir | 0o755, Xattrs: tt.xattrs}, "")
			})
			fsck(t, path)
			for _, x := range tt.xattrs {
				got := debugfs(t, path, "ea_get -x f "+x.Name)
				_, got, _ = strings.Cut(got, "= ")
				if got = strings.ReplaceAll(strings.TrimSpace(got), " ", ""); got != hex.EncodeToString(x.Value) {
					t.Errorf("%s: %q", x.Name, got)
				}
			}
		})
	}
}

func manyXattrs(n int) (list []Xattr) {
	for i := range n {
		list = append(list, Xattr{fmt.Sprintf("user.%03d", i), noise(i%5, uint32(i))})
	}
	return list
}

// TestSharedXattrs is about a block of attributes that more files have than may share one, some of them replaced.
func TestSharedXattrs(t *testing.T) {
	path := makeFile(t, testOptions(0), func(w *Writer) {
		for i := range 3000 {
			x := []Xattr{{"user.a", noise(200, 1)}}
			mustAdd(t, w, Entry{Name: fmt.Sprint("d/", i), Mode: 0o644, Xattrs: x}, "")
			if i%10 == 0 {
				mustAdd(t, w, Entry{Name: fmt.Sprint("d/", i), Mode: 0o644}, "")
			}
			if i == 5 {
				mustAdd(t, w, Entry{Name: "once", Mode: 0o644, Xattrs: []Xattr{{"user.a", noise(201, 1)}}}, "")
				mustAdd(t, w, Entry{Name: "once", Mode: 0o644}, "")
			}
		}
	})
	fsck(t, path)
	if out := string(oracle.Run(t, "dumpe2fs", "-h", path)); !strings.Contains(out, "Filesystem state:         clean") {
		t.Error(out)
	}
}

// TestResize has resize2fs let a file system grow, into the blocks that are reserved for it and beyond.
func TestResize(t *testing.T) {
	for _, tt := range []struct{ from, to string }{{"0", "300M"}, {"16777216", "5G"}, {"1073741824", "40G"}, {"209715200", "100M"}} {
		t.Run(tt.from+" to "+tt.to, func(t *testing.T) {
			var size int64
			fmt.Sscan(tt.from, &size)
			path := makeFile(t, testOptions(size), func(w *Writer) {
				mustAdd(t, w, Entry{Name: "d/f", Mode: 0o644}, string(noise(1<<20, 1)))
			})
			fsck(t, path)
			oracle.Run(t, "resize2fs", "-f", path, tt.to)
			fsck(t, path)
			if got := debugfs(t, path, "cat d/f"); got != string(noise(1<<20, 1)) {
				t.Error("the content changed")
			}
		})
	}
}
