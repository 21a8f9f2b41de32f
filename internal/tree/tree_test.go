package tree

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"amiforge/diskimg/ext4"
)

// describe reads src to its end and returns a line for each item: name, mode, owner, link, content.
func describe(t testing.TB, src Source) ([]string, error) {
	t.Helper()
	defer src.Close()
	var lines []string
	for {
		item, err := src.Next()
		if err == io.EOF {
			if _, again := src.Next(); again != io.EOF {
				t.Errorf("after the end comes %v", again)
			}
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		lines = append(lines, line(t, item))
	}
}

func line(t testing.TB, item *Item) string {
	t.Helper()
	s := fmt.Sprintf("%s %v %d:%d", item.Name, item.Mode, item.UID, item.GID)
	switch {
	case item.HardLink != "":
		return item.Name + " is " + item.HardLink
	case item.Mode.Type() == fs.ModeSymlink:
		s += " -> " + item.Link
	case item.Mode&fs.ModeDevice != 0:
		s += fmt.Sprintf(" %d,%d", item.Major, item.Minor)
	case item.Mode.IsRegular():
		s += " " + content(t, item)
	}
	for _, x := range item.Xattrs {
		s += fmt.Sprintf(" %s=%q", x.Name, x.Value)
	}
	return s
}

// content returns what a file has: itself if it is short text, else its digest.
func content(t testing.TB, item *Item) string {
	t.Helper()
	if item.Size > 1<<30 {
		n, err := io.Copy(io.Discard, item.Content)
		return fmt.Sprint(n, err)
	}
	p := make([]byte, item.Size)
	if err := readContent(item, p); err != nil {
		return err.Error()
	}
	if len(p) > 100 {
		return fmt.Sprintf("%d:%x", len(p), sha256.Sum256(p))[:20]
	}
	return string(p)
}

// names returns the names of the items of src.
func names(t testing.TB, src Source) []string {
	t.Helper()
	lines, err := describe(t, src)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range lines {
		if name, first, ok := strings.Cut(s, " is "); ok {
			lines[i] = name + "=" + first
			continue
		}
		lines[i], _, _ = strings.Cut(s, " ")
	}
	return lines
}

// A slice is a Source in memory.
type slice struct {
	items  []*Item
	closed bool
}

func (s *slice) Next() (*Item, error) {
	if s.closed {
		return nil, errors.New("closed")
	}
	if len(s.items) == 0 {
		return nil, io.EOF
	}
	item := s.items[0]
	s.items = s.items[1:]
	return item, nil
}

func (s *slice) Close() error {
	s.closed = true
	return nil
}

// items makes a Source: "dir/" is a directory, "name=first" a hard link, "name>target" a symbolic link, "name:content" or
// "name" a file.
func items(list ...string) *slice {
	s := &slice{}
	for _, text := range list {
		item := &Item{Entry: ext4.Entry{Name: text, Mode: 0o644, UID: 7}}
		if name, ok := strings.CutSuffix(text, "/"); ok && name != "" {
			item.Name, item.Mode = name, fs.ModeDir|0o755
		} else if name, first, ok := strings.Cut(text, "="); ok {
			item.Name, item.HardLink = name, first
		} else if name, target, ok := strings.Cut(text, ">"); ok {
			item.Name, item.Link, item.Mode = name, target, fs.ModeSymlink|0o777
		} else {
			name, content, _ := strings.Cut(text, ":")
			item.Name, item.Size, item.Content = name, int64(len(content)), bytes.NewReader([]byte(content))
		}
		s.items = append(s.items, item)
	}
	return s
}

func wantLines(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}
