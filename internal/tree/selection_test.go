package tree

import (
	"strings"
	"testing"
)

func TestSelection(t *testing.T) {
	const all, empty, gone, parent = "all", "empty", "gone", "parent" // parent: stays for what is in it
	tests := []struct {
		exclude, include string
		name             string // with a slash at the end for a directory
		want             string
	}{
		{"", "", "a", all},
		{"/mnt", "", "mnt/", empty},
		{"/mnt/", "", "mnt/", empty},
		{"/mnt", "", "mnt", gone},
		{"/mnt", "", "mnt/a/b/", gone},
		{"/mnt", "", "mnt/a", gone},
		{"/mnt", "", "mntx", all},
		{"/mnt", "", "srv/mnt/a", all},
		{"/", "", "", "error"},
		{"/mnt /tmp", "", "tmp/x", gone},
		{"/tmp/*", "", "tmp/", all},
		{"/tmp/*", "", "tmp/a/", gone},
		{"/tmp/*", "", "tmp/a/b", gone},
		{"var/cache", "", "var/cache/", empty},
		{"var/cache", "", "x/var/cache/", all},
		{"*.iso", "", "a.iso", gone},
		{"*.iso", "", "x/y/a.iso", gone},
		{"*.iso", "", "x/a.iso/", gone},
		{"*.iso", "", "a.iso.txt", all},
		{".cache", "", "home/joe/.cache/", empty},
		{".cache", "", "home/joe/.cache/x", gone},
		{"/home/*/.cache", "", "home/joe/.cache/", empty},
		{"/home/*/.cache", "", "home/.cache/", all},
		{"/home/**/.cache", "", "home/.cache/", empty},
		{"/home/**/.cache", "", "home/a/b/.cache/x", gone},
		{"**/log/*.gz", "", "log/x.gz", gone},
		{"**/log/*.gz", "", "var/log/x.gz", gone},
		{"**/log/*.gz", "", "var/log/y/x.gz", all},
		{"/var/**", "", "var/", all},
		{"/var/**", "", "var/x/y", gone},
		{"a?[0-9]", "", "ab7", gone},
		{"*a*", "", "bab", gone},
		{"*a*b*", "", "xaybz", gone},
		{"/mnt", "/mnt/keep", "mnt/", parent},
		{"/mnt", "/mnt/keep", "mnt/keep/", all},
		{"/mnt", "/mnt/keep", "mnt/keep/a/b", all},
		{"/mnt", "/mnt/keep", "mnt/other", gone},
		{"/mnt", "/mnt/a/b/keep", "mnt/a/b/", parent},
		{"/mnt", "/mnt/a/b/keep", "mnt/b/", gone},
		{"/mnt/a", "/mnt", "mnt/a/x", all},
		{"/mnt", "/mnt/**/keep", "mnt/x/y/", parent},
		{"/mnt", "/mnt/**/keep", "mnt/x/y/keep", all},
		{"/mnt", "*.pem", "mnt/a.pem", gone},
		{"*.iso", "boot.iso", "a/boot.iso", all},
		{"*.iso", "boot.iso", "a/other.iso", gone},
		{"*.iso", "/srv", "srv/a.iso", all},
		{"*.iso", "srv", "x/srv/a.iso", all},
		{"[", "", "", "error"},
		{"/a/../b", "", "", "error"},
		{"", "/a//b", "", "error"},
		{"", " ", "", "error"},
	}
	for _, tt := range tests {
		t.Run(tt.exclude+" "+tt.include+" "+tt.name, func(t *testing.T) {
			include := strings.Fields(tt.include)
			if tt.include == " " {
				include = []string{""}
			}
			s, err := NewSelection(strings.Fields(tt.exclude), include)
			if err != nil {
				if tt.want != "error" {
					t.Fatal(err)
				}
				return
			}
			name, dir := strings.CutSuffix(tt.name, "/")
			got := map[[2]bool]string{{true, false}: all, {true, true}: empty, {false, true}: gone, {false, false}: "skipped"}[[2]bool{s.Wants(name, dir), s.Skip(name, dir)}]
			if got == all && s.reaches(name) {
				if excluded, _ := s.excluded(name); excluded {
					got = parent
				}
			}
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestExclude(t *testing.T) {
	big := "big:" + strings.Repeat("x", maxKept+1)
	tests := []struct {
		name             string
		src              *slice
		exclude, include string
		want             string
		fails            string
	}{
		{"nothing", items("./", "a:1", "b/", "b/c:2"), "", "", ". a b b/c", ""},
		{"the root", items("./", "a:1"), "*", "", ".", ""},
		{"a directory", items("tmp/", "tmp/a:1", "tmp/b/", "tmp/b/c:2", "x"), "/tmp", "", "tmp x", ""},
		{"but for a file", items("tmp/", "tmp/a:1", "tmp/b/", "tmp/b/c:2", "x"), "/tmp", "/tmp/b/c", "tmp tmp/b tmp/b/c x", ""},
		{"a link stays", items("a:1", "b=a", "c=a"), "b", "", "a c=a", ""},
		{"a link by a name that goes", items("a:1", "b=a", "c=b"), "b", "", "a c=a", ""},
		{"the first goes", items("a:1", "b=a", "c=a", "d=b"), "a", "", "b c=b d=b", ""},
		{"the first two go", items("a:1", "b=a", "c=b", "d=a"), "a b", "", "c d=c", ""},
		{"the first goes twice", items("a:1", "b=a", "a:2", "c=a", "d=b"), "a", "", "b c d=b", ""},
		{"all go", items("a:1", "b=a", "x"), "a b", "", "x", ""},
		{"a symbolic link goes", items("a>x", "b=a"), "a", "", "b", ""},
		{"a large file goes", items(big, "x"), "big", "", "x", ""},
		{"a large file has another name", items(big, "x=big"), "big", "", "", "too large to keep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := NewSelection(strings.Fields(tt.exclude), strings.Fields(tt.include))
			if err != nil {
				t.Fatal(err)
			}
			src := Exclude(tt.src, s)
			if tt.fails != "" {
				if _, err := describe(t, src); err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Errorf("%v, want %q", err, tt.fails)
				}
				return
			}
			if wantLines(t, names(t, src), strings.Fields(tt.want)...); !tt.src.closed {
				t.Error("it is not closed")
			}
		})
	}
}

// TestExcludeContent has the content of a file that is given under its second name, and that of another one that came under
// the first since.
func TestExcludeContent(t *testing.T) {
	s, err := NewSelection([]string{"a"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := describe(t, Exclude(items("a:content", "b=a", "a:other", "c=a"), s))
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, lines, "b -rw-r--r-- 7:0 content", "c -rw-r--r-- 7:0 other")
}

// What is excluded or included and not there is told of, but for what is below something that was left out.
func TestSelectionUnused(t *testing.T) {
	exclude, include := "/var /var/cache /home/me/rootfs/tmp *.iso *.img /srv/*.log", "/srv/a.log /srv/b.log rootfs/srv /home"
	s, err := NewSelection(strings.Fields(exclude), strings.Fields(include))
	if err != nil {
		t.Fatal(err)
	}
	src := Exclude(items("var/", "srv/", "srv/a.log:1", "a.iso:1", "home/"), s)
	names(t, src)
	if s, err = s.Excluding([]string{"/proc"}); err != nil || s.Wants("proc/1", true) || !s.Wants("proc", true) {
		t.Errorf("more is not excluded (%v)", err)
	}
	excluded, included := s.Unused()
	wantLines(t, excluded, "/home/me/rootfs/tmp", "*.img")
	wantLines(t, included, "/srv/b.log", "rootfs/srv")
}
