package ext4

import "sync"

// A dirPlace says which block of a directory it is.
type dirPlace struct {
	dir   uint32 // its inode
	index int64  // of the block in it
}

// dirClaims notes whose block each is that directories were read from. One that is in two directories, or twice in one,
// is refused: a thousand directories that share a thousand blocks would have a million to read. The first block of a
// directory is not noted, as its "." tells whose it is.
type dirClaims struct {
	mu     sync.Mutex
	owners map[int64]dirPlace
}

func (d *dirClaims) claim(place int64, of dirPlace) error {
	if of.index == 0 {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	owner, ok := d.owners[place]
	if !ok {
		if d.owners == nil {
			d.owners = make(map[int64]dirPlace)
		}
		d.owners[place] = of
		return nil
	}
	if owner != of {
		return damagedf("lies at block %d, as block %d of directory inode %d does", place, owner.index, owner.dir)
	}
	return nil
}
