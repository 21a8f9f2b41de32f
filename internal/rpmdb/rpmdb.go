// Package rpmdb reads which packages rpm has installed, and their files, from the database that rpm has kept since 4.16:
// one of SQLite, rpmdb.sqlite, of which it reads the table Packages. Those of Berkeley DB and ndb are not read.
//
//	Packages  goes over the packages in the content of a database
//
// Whatever the database has in it, the time and the memory that it takes are bounded by its length.
package rpmdb

import (
	"errors"
	"fmt"
	"iter"
)

// ErrDamaged is the error of a database that is not what it should be.
var ErrDamaged = errors.New("damaged")

func damagedf(format string, args ...any) error {
	return fmt.Errorf("rpmdb: %w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// A Package is one that is installed.
type Package struct {
	Name, Version string
	Files         iter.Seq[string] // /usr/bin/true; directories are among them
}

// IsDatabase tells whether p, the beginning of a file, is that of a database that Packages reads.
func IsDatabase(p []byte) bool { return len(p) >= headerSize && string(p[:len(magic)]) == magic }

// Packages calls found for each package in the database db. It stops at the first error, which is ErrDamaged or found's.
func Packages(db []byte, found func(Package) error) error {
	d, err := openDatabase(db)
	if err != nil {
		return err
	}
	root, err := d.table("Packages")
	if err != nil {
		return err
	}
	return d.rows(root, func(payload []byte) error {
		values, err := record(payload, 2)
		if err != nil {
			return err
		}
		p, err := parseHeader(values[1])
		if err != nil {
			return err
		}
		return found(p)
	})
}
