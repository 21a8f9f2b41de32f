package filesystem

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"strings"
	"sync"
	"testing"
)

// An entryFunc is a directory of what the function adds.
type entryFunc func(add func(*file) error) error

func (f entryFunc) list(add func(*file) error) error { return f(add) }

func (f entryFunc) content(int64) (io.ReaderAt, error) { return nil, fs.ErrInvalid }

// A tree without end has one.
func TestTreeBounds(t *testing.T) {
	id := int64(0)
	var deep entryFunc
	deep = func(add func(*file) error) error {
		id++
		return add(&file{name: "d", mode: fs.ModeDir, id: id, entry: deep})
	}
	link := strings.Repeat("long/", mib/5)
	wide := func(add func(*file) error) error {
		for {
			if err := add(&file{name: "link", mode: fs.ModeSymlink, link: link}); err != nil {
				return err
			}
		}
	}
	for want, root := range map[string]entryFunc{
		"more than 256 directories are in each other": deep,
		"or 134217728 bytes of their names":           wide,
	} {
		f := &tree{root: &file{name: ".", mode: fs.ModeDir, id: -1, entry: root}}
		if _, err := content(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// All that is opened may be read by many at once.
func TestConcurrent(t *testing.T) {
	for name, b := range tinyImages(t) {
		f, _, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		results := make([]map[string]string, 8)
		var group sync.WaitGroup
		for i := range results {
			group.Go(func() { results[i], _ = content(f) })
		}
		group.Wait()
		for _, got := range results {
			if len(got) < 2 || !maps.Equal(got, results[0]) {
				t.Errorf("%s: %d files, not %d or others", name, len(got), len(results[0]))
			}
		}
	}
}

// Many small ones take the place of one large one.
func TestCacheOfSmall(t *testing.T) {
	c := cache[int, byte]{most: 100 * keptEntry}
	for i := range 10_000 {
		if _, err := c.get(i, func() (byte, int, error) { return 0, 1, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(c.young) + len(c.old); n > 200 {
		t.Errorf("%d are kept", n)
	}
}
