package ext4

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"amiforge/diskimg"
)

// A directory is not left for those above it, however large all of them are.
func TestWalkLarge(t *testing.T) {
	m := &memory{}
	w, err := Create(m, testOptions(0))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		mustAdd(t, w, Entry{Name: fmt.Sprint("a/b/file", i), Mode: 0o644}, "")
	}
	f := opened(t, m, w)
	f.dirs.most = 0
	if _, err := f.Stat("a/b/file0"); err != nil {
		t.Fatal(err)
	}
	kept := f.dirs.large
	for i := range 100 {
		if _, err := f.Stat(fmt.Sprint("a/b/file", i)); err != nil {
			t.Fatal(err)
		}
	}
	if f.dirs.large != kept {
		t.Error("directories were read again")
	}
}

// A path that leads to and fro between large directories has an end.
func TestWalkToAndFro(t *testing.T) {
	m := &memory{}
	w, err := Create(m, testOptions(0))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20_000 {
		mustAdd(t, w, Entry{Name: fmt.Sprint("d/", i), Mode: 0o644}, "")
	}
	fro := strings.Repeat("d/../", 700)
	mustAdd(t, w, Entry{Name: "once", Mode: fs.ModeSymlink | 0o777, Link: fro + "d"}, "")
	mustAdd(t, w, Entry{Name: "again", Mode: fs.ModeSymlink | 0o777, Link: fro + "once"}, "")
	mustAdd(t, w, Entry{Name: "often", Mode: fs.ModeSymlink | 0o777, Link: fro + "again"}, "")
	f := opened(t, m, w)
	if _, err := f.Stat("again/7"); err != nil {
		t.Error(err)
	}
	if _, err := f.Stat("often/7"); !errors.Is(err, diskimg.ErrUnsupported) {
		t.Error(err)
	}
}

// The links of all directories of a path count, whether the way to them is kept or not.
func TestWalkLinks(t *testing.T) {
	m := &memory{}
	w, err := Create(m, testOptions(0))
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxLinks {
		mustAdd(t, w, Entry{Name: fmt.Sprint("l", i+1), Mode: fs.ModeSymlink | 0o777, Link: fmt.Sprint("l", i)}, "")
	}
	mustAdd(t, w, Entry{Name: "l0/file", Mode: 0o644}, "")
	mustAdd(t, w, Entry{Name: "l0/up", Mode: fs.ModeSymlink | 0o777, Link: ".."}, "")
	f := opened(t, m, w)
	for range 2 {
		for name, want := range map[string]error{
			"l40/file":     nil,
			"l39/up":       nil,
			"l40/up":       syscall.ELOOP,
			"l20/up/l19":   nil,
			"l20/up/l20":   syscall.ELOOP,
			"l1/up/l0/up":  nil,
			"l0/file/more": syscall.ENOTDIR,
			"l0/none/more": fs.ErrNotExist,
		} {
			if _, err := f.Stat(name); want == nil && err != nil || want != nil && err.(*fs.PathError).Err != want {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
	}
}
