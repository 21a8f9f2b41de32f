package main

import (
	"io/fs"
	"iter"
	"os"
	"path/filepath"
)

// largestFile keeps a few large files from being all of the disk, bytes.
const largestFile = 64 << 20

// files yields readable regular files under root that take total bytes of a disk or little less: every one
// where there are no more, else some from everywhere, the same ones each time.
func files(root string, total int64) iter.Seq[string] {
	return func(yield func(string) bool) {
		var all, seen, taken int64
		for _, size := range regular(root) {
			all += size
		}
		share := min(1, float64(total)/float64(all))
		for path, size := range regular(root) {
			seen += size
			if taken+size > int64(share*float64(seen)) {
				continue
			}
			taken += size
			if !yield(path) {
				return
			}
		}
	}
}

// regular yields the regular files under root that can be read and are not empty, with the bytes that they
// take on a disk.
func regular(root string) iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			size := readableSize(path, entry, err)
			if size > 0 && size <= largestFile && !yield(path, (size+4095)&^4095) {
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
