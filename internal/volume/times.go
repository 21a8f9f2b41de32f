package volume

import (
	"time"

	"amiforge/internal/tree"
)

// ModTimes leaves of the times of files only that of their last modification, for what is to be reproducible: the others
// change when a directory is read or copied.
func ModTimes(src tree.Source) tree.Source { return modTimes{src} }

type modTimes struct{ tree.Source }

func (m modTimes) Next() (*tree.Item, error) {
	item, err := m.Source.Next()
	if err != nil {
		return nil, err
	}
	plain := *item
	plain.AccessTime, plain.ChangeTime, plain.BirthTime = time.Time{}, time.Time{}, time.Time{}
	return &plain, nil
}
