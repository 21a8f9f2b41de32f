package tree

import (
	"bytes"
	"fmt"
)

// maxKept bounds the content that a remover keeps, in bytes.
const maxKept = 16 << 20

// A remover leaves items out of a tree by their names. The content of a file comes with its first name, and one that goes
// may have others that stay: what goes is kept in memory, the small files at least.
type remover struct {
	Source
	gone  func(name string, dir bool) bool
	kept  map[string]*Item
	size  int64             // of what is kept
	names map[string]string // of what goes, the names under which the same file stays
}

func newRemover(src Source, gone func(name string, dir bool) bool) *remover {
	return &remover{Source: src, gone: gone, kept: map[string]*Item{}, names: map[string]string{}}
}

func (r *remover) Next() (*Item, error) {
	for {
		item, err := r.Source.Next()
		if err != nil {
			return nil, err
		}
		switch gone := r.gone(item.Name, item.Mode.IsDir()); {
		case gone && item.HardLink != "":
			r.names[item.Name] = r.first(item.HardLink)
		case gone && !item.Mode.IsDir():
			if err := r.keep(item); err != nil {
				return nil, err
			}
		case gone:
		case item.HardLink != "":
			return r.link(item)
		default:
			return item, nil
		}
	}
}

// first returns the name that the file called name has in what stays, as far as that is known.
func (r *remover) first(name string) string {
	if other, ok := r.names[name]; ok {
		return other
	}
	return name
}

// keep keeps what goes. Where the name came before, as in an archive that was added to, this is another file.
func (r *remover) keep(item *Item) error {
	delete(r.names, item.Name)
	if earlier, ok := r.kept[item.Name]; ok {
		delete(r.kept, item.Name)
		r.size -= earlier.Size
	}
	if item.Size > maxKept-r.size {
		return nil
	}
	kept := *item
	if item.Content != nil {
		p, err := ReadContent(item)
		if err != nil {
			return err
		}
		kept.Content = bytes.NewReader(p)
	}
	r.size += item.Size
	r.kept[item.Name] = &kept
	return nil
}

// link gives another name of a file. If all before are left out it is the first.
func (r *remover) link(item *Item) (*Item, error) {
	first := r.first(item.HardLink)
	if !r.gone(first, false) {
		item.HardLink = first
		return item, nil
	}
	kept, ok := r.kept[first]
	if !ok {
		return nil, fmt.Errorf("%s is another name of %s, which is left out and too large to keep: leave out both or include /%s", item.Name, first, first)
	}
	delete(r.kept, first)
	r.size -= kept.Size
	r.names[first] = item.Name
	if item.HardLink != first {
		r.names[item.HardLink] = item.Name
	}
	kept.Name = item.Name
	return kept, nil
}
