package tree

import (
	"bytes"
	"io"

	"amiforge/diskimg/ext4"
)

// A Replacement is a file that takes the place of one in a tree, or is added to it.
type Replacement struct {
	ext4.Entry // whose Size is that of Content, whatever it says
	Content    []byte
	Old        string // the name under which the file that was there stays, or ""
}

// Replace puts the replacements, which are no directories, in the place of what src has under their names. They come at
// the end.
func Replace(src Source, replacements ...Replacement) Source {
	replaced, old := map[string]bool{}, map[string]bool{}
	names := map[string]string{}
	for _, f := range replacements {
		replaced[f.Name] = true
		if f.Old != "" {
			old[f.Old] = true
			names[f.Name] = f.Old
		}
	}
	kept := &renamer{newRemover(src, func(name string, _ bool) bool { return old[name] }), names}
	return &replacer{newRemover(kept, func(name string, _ bool) bool { return replaced[name] }), replacements}
}

// A replacer gives what src has and then the replacements.
type replacer struct {
	Source
	rest []Replacement
}

func (r *replacer) Next() (*Item, error) {
	item, err := r.Source.Next()
	if err != io.EOF || len(r.rest) == 0 {
		return item, err
	}
	f := r.rest[0]
	r.rest = r.rest[1:]
	item = &Item{Entry: f.Entry}
	if f.Mode.IsRegular() {
		item.Size = int64(len(f.Content))
		item.Content = bytes.NewReader(f.Content)
	}
	return item, nil
}

// A renamer gives items another name.
type renamer struct {
	Source
	names map[string]string
}

func (r *renamer) Next() (*Item, error) {
	item, err := r.Source.Next()
	if err != nil {
		return nil, err
	}
	if name, ok := r.names[item.Name]; ok {
		item.Name = name
	}
	if name, ok := r.names[item.HardLink]; ok {
		item.HardLink = name
	}
	return item, nil
}
