package clean

import (
	"bytes"
	"fmt"
	"io"

	"amiforge/internal/tree"
)

// A filter gives the items of a file system as a survey says that they are to be.
type filter struct {
	tree.Source
	*survey
}

func (f *filter) Next() (*tree.Item, error) {
	for {
		item, err := f.Source.Next()
		if err != nil {
			return nil, err
		}
		if item.HardLink != "" {
			if f.link(item) {
				return item, nil
			}
			continue
		}
		if name, ok := f.moved[item.Name]; ok {
			item.Name = name
		}
		if !f.gone[item.Name] {
			return item, f.edit(item)
		}
	}
}

// link makes another name one of the name that is the file's first now, and tells whether it is one still.
func (f *filter) link(item *tree.Item) bool {
	if name, ok := f.moved[item.HardLink]; ok {
		item.HardLink = name
	}
	return !f.gone[item.Name] && item.Name != item.HardLink
}

// edit changes the content of an item where that is its fate.
func (f *filter) edit(item *tree.Item) error {
	fate := f.fates[item.Name]
	if fate == nil || !item.Mode.IsRegular() || item.Size == 0 {
		return nil
	}
	change, content := Change{Rule: fate.rule, Path: fate.path, Action: Emptied}, []byte{}
	switch fate.do {
	case lock:
		before, err := f.readAll(item)
		if err != nil {
			return err
		}
		content = lockRoot(before)
		if change.Action = Locked; bytes.Equal(content, before) {
			item.Content = bytes.NewReader(before)
			return nil
		}
	case empty:
	default:
		return nil
	}
	item.Size, item.Content = int64(len(content)), bytes.NewReader(content)
	item.ModTime, item.ChangeTime, item.AccessTime = f.opts.Time, f.opts.Time, f.opts.Time
	f.result.Changes = append(f.result.Changes, change)
	return nil
}

// maxEdited is how long a file may be that is edited, in bytes.
const maxEdited = 16 << 20

func (f *filter) readAll(item *tree.Item) ([]byte, error) {
	if item.Size > maxEdited {
		return nil, fmt.Errorf("%s is %d bytes long, too long to be edited", item.Name, item.Size)
	}
	file, err := f.volume.Ext.Open(item.Name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, item.Size))
}
