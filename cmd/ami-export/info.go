package main

import (
	"os"
	"syscall"

	"amiforge/diskimg"
	"amiforge/internal/cli"
)

// A description is what --info tells of a disk file.
type description struct {
	File string `json:"file"`
	diskimg.Info
	DiskUsage int64 `json:"diskUsage"` // bytes that the file takes on the disk
}

// runInfo describes a disk file.
func (o *options) runInfo(e *cli.Env) error {
	src, f, err := o.openDisk(e)
	if err != nil {
		return err
	}
	defer src.Close()
	d := &description{File: src.location, Info: f.Disk().Info()}
	if d.DiskUsage, err = diskUsage(src.location, d.Files); err != nil {
		return err
	}
	return e.Result(d.table(), d)
}

// diskUsage returns how many bytes a file, and the others beside it, take on the disk.
func diskUsage(path string, beside []string) (int64, error) {
	const block = 512 // of st_blocks, whatever the file system's is
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Sys().(*syscall.Stat_t).Blocks * block, nil
}

func (d *description) table() string { return d.File }
