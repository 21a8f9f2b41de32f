package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"amiforge/bundle"
	"amiforge/internal/cli"
)

// checkInputs refuses an image, a tree, a key or whatever else a flag names that lies in the directory dir under a name
// that is the bundle's: it would be overwritten, or cleared away as a leftover. A bucket has no dir.
func (o *options) checkInputs(dir string) error {
	if dir == "" {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if !o.takes(entry.Name()) {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		for _, input := range o.inputs() {
			if cli.SameFile(path, input) {
				return fmt.Errorf("%s has the name of a part of the bundle to be: move it, or choose another -p or destination", path)
			}
		}
	}
	return nil
}

// inputs are the files that are read.
func (o *options) inputs() []string {
	return []string{o.image, o.key, o.cert, o.ec2cert, o.volume, o.fstab, o.bootCode, o.script}
}

// takes tells whether name is that of the manifest or of a part, one that an earlier bundle may have had.
func (o *options) takes(name string) bool {
	digits, isPart := strings.CutPrefix(name, o.prefix+".part.")
	return isPart && strings.Trim(digits, "0123456789") == "" || name == bundle.ManifestName(o.prefix)
}
