package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"amiforge/diskimg"
	"amiforge/diskimg/inspect"
	"amiforge/internal/cli"
)

// A description is what --info tells of a disk file.
type description struct {
	File string `json:"file"`
	diskimg.Info
	DiskUsage int64           `json:"diskUsage"` // bytes that the files take where they are stored
	Disk      *inspect.Report `json:"disk"`      // what is in the disk
}

// runInfo describes a disk file.
func (o *options) runInfo(e *cli.Env) error {
	src, f, err := o.openDisk(e)
	if err != nil {
		return err
	}
	defer src.Close()
	d := &description{File: src.location, Info: f.Disk().Info()}
	if d.DiskUsage, err = diskUsage(d.File, d.Files); err != nil {
		return err
	}
	if d.Disk, err = inspect.Disk(f.Disk(), f.Size()); err != nil {
		return src.named(err)
	}
	return e.Result(d.text(), d)
}

// diskUsage returns how many bytes a file, and the others beside it, take where they are stored.
func diskUsage(path string, beside []string) (int64, error) {
	paths := []string{path}
	for _, name := range beside {
		paths = append(paths, filepath.Join(filepath.Dir(path), name))
	}
	var sum int64
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return 0, err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return 0, fmt.Errorf("%s: blocks: %w", path, errors.ErrUnsupported)
		}
		const block = 512 // of st_blocks, whatever the file system's is
		sum += stat.Blocks * block
	}
	return sum, nil
}
