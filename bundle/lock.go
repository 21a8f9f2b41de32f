package bundle

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lockPrefix begins the names of the files by which a process keeps others from writing the same bundle. The
// kernel ends the lock with the process, however that ends; then the file means nothing.
const lockPrefix = ".amiforge-lock-"

// errBusy says that another process writes the same bundle.
var errBusy = errors.New("another process is writing this bundle")

// lockBundle keeps other processes from writing the bundle called name, as far as the store can: two that put
// their parts under the same names would make a bundle of neither. A bucket has no locks.
func lockBundle(st Store, name string) (unlock func(), err error) {
	d, ok := st.(*Dir)
	if !ok {
		return func() {}, nil
	}
	lock, err := d.lock(fmt.Sprintf("%s%x", lockPrefix, sha1.Sum([]byte(name))))
	if err != nil {
		return nil, d.explain(ManifestName(name), err)
	}
	return lock, nil
}

// lock takes the lock file, which it makes if need be, or errBusy.
func (d *Dir) lock(file string) (unlock func(), err error) {
	for {
		f, err := d.root.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		unlock := func() {
			d.root.Remove(file)
			f.Close()
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil && d.names(file, f):
			return unlock, nil
		case err == nil: // its owner has removed it meanwhile
			f.Close()
		case noLocks(err):
			return unlock, nil
		case errors.Is(err, unix.EWOULDBLOCK):
			f.Close()
			return nil, errBusy
		default:
			f.Close()
			return nil, err
		}
	}
}

// names tells whether name still leads to the open file f.
func (d *Dir) names(name string, f *os.File) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	info, err := d.root.Stat(name)
	return err == nil && os.SameFile(opened, info)
}
