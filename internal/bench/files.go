package main

import (
	"io/fs"
	"iter"
	"os"
	"path/filepath"
)

// largestFile keeps a few large files from being all of the disk, bytes.
const largestFile = 64 << 20

// files yields readable regular files under root, in the order of their names, until they are total bytes.
func files(root string, total int64) iter.Seq[string] {
	return func(yield func(string) bool) {
		left := total
		filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			size := readableSize(path, entry, err)
			if size == 0 || size > min(left, largestFile) {
				return nil
			}
			left -= size
			if !yield(path) || left < total/1000 {
				return fs.SkipAll
			}
			return nil
		})
	}
}

// readableSize returns the size of a regular file that can be read, else 0.
func readableSize(path string, entry fs.DirEntry, err error) int64 {
	if err != nil || !entry.Type().IsRegular() {
		return 0
	}
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}
