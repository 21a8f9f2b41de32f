package tree

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"amiforge/diskimg/ext4"
)

func TestReplace(t *testing.T) {
	fstab := Replacement{Entry: ext4.Entry{Name: "etc/fstab", Mode: 0o644}, Content: []byte("new")}
	kept := fstab
	kept.Old = "etc/fstab.old"
	script := Replacement{Entry: ext4.Entry{Name: "x", Mode: 0o755}}
	tests := []struct {
		name string
		src  *slice
		with []Replacement
		want []string
	}{
		{"none", items("a:1"), nil, []string{"a -rw-r--r-- 7:0 1"}},
		{"new", items("a:1"), []Replacement{fstab, script}, []string{"a -rw-r--r-- 7:0 1", "etc/fstab -rw-r--r-- 0:0 new", "x -rwxr-xr-x 0:0 "}},
		{"old is gone", items("etc/fstab:old"), []Replacement{fstab}, []string{"etc/fstab -rw-r--r-- 0:0 new"}},
		{"old stays", items("etc/fstab:old", "b=etc/fstab"), []Replacement{kept}, []string{"etc/fstab.old -rw-r--r-- 7:0 old", "b is etc/fstab.old", "etc/fstab -rw-r--r-- 0:0 new"}},
		{"older is gone", items("etc/fstab.old:older", "etc/fstab:old"), []Replacement{kept}, []string{"etc/fstab.old -rw-r--r-- 7:0 old", "etc/fstab -rw-r--r-- 0:0 new"}},
		{"a link", items("etc/fstab>../x"), []Replacement{kept}, []string{"etc/fstab.old Lrwxrwxrwx 7:0 -> ../x", "etc/fstab -rw-r--r-- 0:0 new"}},
		{"another name stays", items("etc/fstab:old", "b=etc/fstab"), []Replacement{fstab}, []string{"b -rw-r--r-- 7:0 old", "etc/fstab -rw-r--r-- 0:0 new"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines, err := describe(t, Replace(tt.src, tt.with...))
			if err != nil {
				t.Fatal(err)
			}
			for i := range lines {
				lines[i] = strings.Replace(lines[i], " 420 ", " ", 1)
			}
			wantLines(t, lines, tt.want...)
		})
	}
}

func TestOverlay(t *testing.T) {
	tests := []struct {
		name string
		src  *slice
		top  string
		want string
	}{
		{"nothing", items("./", "a:1"), "", ". a"},
		{"new files", items("./", "a:1"), "b:2 d/c:3", ". a b d d/c"},
		{"a file replaced", items("./", "a:1", "b:1"), "a:2", ". b a"},
		{"a directory stays", items("./", "d/", "d/a:1", "d/b:1"), "d/a:2", ". d d/b d/a"},
		{"a directory replaced by a file", items("d/", "d/a:1", "d/e/", "d/e/f:1", "x"), "d:2", "x d"},
		{"a file replaced by a directory", items("d:1", "x"), "d/a:2", "x d d/a"},
		{"a link replaced by a file", items("l>x"), "l:2", "l"},
		{"a link where a directory is", items("lib>usr/lib"), "lib/a:2", "symbolic link /lib to usr/lib"},
		{"a link taken out for a directory", items("lib>usr/lib"), ".wh.lib lib/a:2", "lib lib/a"},
		{"taken out", items("a:1", "d/", "d/e:1"), ".wh.a .wh.d", ""},
		{"taken out below", items("d/", "d/e:1", "d/f:1"), "d/.wh.e", "d d/f"},
		{"emptied", items("d/", "d/e/", "d/e/f:1", "x"), "d/.wh..wh..opq d/n:2", "d x d/n"},
		{"emptied, with a directory again", items("d/", "d/e/", "d/e/f:1"), "d/.wh..wh..opq d/e/n:2", "d d/e d/e/n"},
		{"hard links", items("a:1", "b=a", "c=a"), "a:2 x:3 y=x", "b c=b a x y=x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src, err := Overlay(t.Context(), tt.src, plant(t, strings.Fields(tt.top)...), nil)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(tt.want, "symbolic link") {
				if _, err := describe(t, src); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%v, want %q", err, tt.want)
				}
				return
			}
			if wantLines(t, names(t, src), strings.Fields(tt.want)...); !tt.src.closed {
				t.Error("it is not closed")
			}
		})
	}
}

// What is newer than the latest time has that; the tree below keeps its times.
func TestOverlayLatest(t *testing.T) {
	latest := time.Unix(1700000000, 0)
	top := plant(t, "old:1", "new:2")
	if err := os.Chtimes(filepath.Join(top, "old"), time.Time{}, latest.Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	below := items("below:3")
	below.items[0].ModTime = latest.Add(time.Hour)
	src, err := Overlay(t.Context(), below, top, &OverlayOptions{Latest: latest})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	got := map[string]time.Duration{}
	for item, err := src.Next(); err != io.EOF; item, err = src.Next() {
		if err != nil {
			t.Fatal(err)
		}
		got[item.Name] = item.ModTime.Sub(latest)
	}
	if want := (map[string]time.Duration{"below": time.Hour, "new": 0, "old": -time.Second}); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
