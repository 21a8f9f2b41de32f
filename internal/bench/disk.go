package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

const (
	diskSize  = 2 << 30   // of the disk that is bundled, bytes
	filesSize = 600 << 20 // of the files in it, bytes
	filesRoot = "/usr"    // where they come from
)

// disk returns the path of a disk with an ext4 file system that holds files of this machine, or, where there
// is no mke2fs, with the bare files and holes between them. It is made once and kept.
func (b *bench) disk(ctx context.Context) (string, error) {
	path := filepath.Join(b.dir, "disk-2g.raw")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	logf("making %s from %s", path, filesRoot)
	fresh := filepath.Join(b.work, "disk.raw")
	var err error
	if tool := mke2fs(); tool != "" {
		err = b.makeExt4(ctx, tool, fresh, filesRoot)
	} else {
		logf("mke2fs is missing: the disk has files in it, but no file system (apt-get install e2fsprogs)")
		err = makePlain(fresh, filesRoot, filesSize, diskSize)
	}
	if err != nil {
		return "", fmt.Errorf("disk: %w", err)
	}
	return path, os.Rename(fresh, path)
}

// mke2fs returns the path of mke2fs, which users other than root do not have on PATH, or "".
func mke2fs() string {
	for _, name := range []string{"mke2fs", "/usr/sbin/mke2fs", "/sbin/mke2fs"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// makeExt4 makes a file system at path, of copies of files under root.
func (b *bench) makeExt4(ctx context.Context, mke2fs, path, root string) error {
	tree := filepath.Join(b.work, "tree")
	defer os.RemoveAll(tree)
	for name := range files(root, filesSize) {
		if err := copyFile(name, filepath.Join(tree, name)); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, mke2fs, "-q", "-F", "-t", "ext4", "-d", tree, path, strconv.Itoa(diskSize>>10))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mke2fs: %w\n%s", err, out)
	}
	return nil
}

func copyFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	dst, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = appendFile(dst, from)
	return errors.Join(err, dst.Close())
}

// makePlain makes a disk at path of size bytes, of total bytes of files under root and a hole after each.
func makePlain(path, root string, total, size int64) error {
	disk, err := os.Create(path)
	if err != nil {
		return err
	}
	at := int64(0)
	for name := range files(root, total) {
		var n int64
		n, err = appendFile(disk, name)
		if err != nil {
			break
		}
		at = (at + n*(size/total) + 4095) &^ 4095
		if at, err = disk.Seek(min(at, size), io.SeekStart); err != nil {
			break
		}
	}
	return errors.Join(err, disk.Truncate(size), disk.Close())
}

// appendFile writes the content of the file name to dst.
func appendFile(dst io.Writer, name string) (int64, error) {
	src, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer src.Close()
	return io.Copy(dst, src)
}
