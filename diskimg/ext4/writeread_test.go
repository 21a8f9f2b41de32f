package ext4

import (
	"bytes"
	"io"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadBack rebuilds a file system from what our reader finds in one, twice: entries and content are the same, and
// so, as the order is, is every byte the second time. Hard links come out as files of their own.
func TestReadBack(t *testing.T) {
	m := &memory{}
	w, err := Create(m, testOptions(0))
	if err != nil {
		t.Fatal(err)
	}
	addEverything(t, w)
	first := opened(t, m, w)
	once, onceFS := rebuilt(t, first)
	twice, _ := rebuilt(t, onceFS)
	if !bytes.Equal(once.b, twice.b) {
		t.Error("the same entries gave other bytes")
	}
	want, got := entriesOf(t, first), entriesOf(t, onceFS)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func opened(t *testing.T, m *memory, w *Writer) *FS {
	t.Helper()
	size, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	m.b = append(m.b, make([]byte, size-int64(len(m.b)))...)
	check(t, m.b)
	f, err := Open(bytes.NewReader(m.b), size, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func rebuilt(t *testing.T, f *FS) (*memory, *FS) {
	t.Helper()
	m := &memory{}
	w, err := Create(m, testOptions(0))
	if err != nil {
		t.Fatal(err)
	}
	walk(t, f, func(e *Entry) {
		var content io.Reader
		if e.Mode.IsRegular() {
			if content, err = f.Content(e.Name); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Add(e, content); err != nil {
			t.Fatal(err)
		}
	})
	return m, opened(t, m, w)
}

func walk(t *testing.T, f *FS, do func(e *Entry)) {
	t.Helper()
	err := fs.WalkDir(f, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		e, err := f.Entry(name)
		if err == nil {
			do(e)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func entriesOf(t *testing.T, f *FS) map[string]Entry {
	t.Helper()
	all := map[string]Entry{}
	walk(t, f, func(e *Entry) { all[e.Name] = *e })
	return all
}
