package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	treeFiles   = 50_000
	treeFolder  = 200     // files of each directory
	treeFile    = 2000    // bytes of each file
	sparseFile  = 3 << 30 // bytes of a file with a block every scatterStep
	volumeSpeed = 4       // times as fast as mke2fs
	volumeLimit = 128 << 20
)

// volumes measures ami-bundle making volumes, of many small files and of a sparse one, against mke2fs -d.
func (b *bench) volumes(ctx context.Context, _ string, t *table) error {
	tree, archive, sparse := b.path("volume/tree"), b.path("volume/tree.tar"), b.path("volume/sparse")
	if err := makeTree(tree, archive); err != nil {
		return err
	}
	if err := os.MkdirAll(sparse, 0o755); err != nil {
		return err
	}
	if err := makeScattered(filepath.Join(sparse, "file"), sparseFile); err != nil {
		return err
	}
	defer os.RemoveAll(b.path("volume"))
	fromTree := b.volume("ami-bundle --volume, 50,000 files", tree)
	fromTar := b.volume("ami-bundle --volume, tar of 50,000 files", archive)
	fromSparse := b.volume("ami-bundle --volume, sparse file of 3 GiB", sparse)
	theirTree, theirSparse := mke2fsOf("mke2fs -d, 50,000 files", tree), mke2fsOf("mke2fs -d, sparse file of 3 GiB", sparse)
	if err := b.race(ctx, fromTree, fromTar, theirTree, fromSparse, theirSparse); err != nil {
		return err
	}
	t.add(
		faster("volume of 50,000 files, against mke2fs -d", fromTree, theirTree, volumeSpeed),
		faster("volume of a tar of them, against mke2fs -d of the files", fromTar, theirTree, volumeSpeed),
		faster("volume of a sparse file of 3 GiB, against mke2fs -d", fromSparse, theirSparse, 0),
		memory("peak memory of a volume of 50,000 files", fromTree, theirTree, volumeLimit),
		memory("peak memory of a volume of a tar of them", fromTar, nil, volumeLimit),
		memory("peak memory of a volume of a sparse file", fromSparse, theirSparse, volumeLimit),
	)
	return nil
}

// volume returns what makes a volume of 4 GiB of a tree with our program.
func (b *bench) volume(name, tree string) *racer {
	return &racer{
		name: name, size: sizeOf("disk.raw"),
		command: func(ctx context.Context, out string) *exec.Cmd {
			return b.program(ctx, "ami-bundle", "--volume", tree, "-s", "4G", "--disk-only", "-o", filepath.Join(out, "disk.raw"), "--quiet")
		},
	}
}

// mke2fsOf returns what makes the same with mke2fs.
func mke2fsOf(name, tree string) *racer {
	r := &racer{name: name, size: sizeOf("disk.raw")}
	tool := mke2fs()
	if r.absent = missing("bash", "sync"); tool == "" {
		r.absent = errors.New("mke2fs is missing")
	}
	r.command = func(ctx context.Context, out string) *exec.Cmd {
		const script = `"$0" -q -F -t ext4 -d "$1" "$2" 4G && sync "$2"`
		return exec.CommandContext(ctx, "bash", "-c", script, tool, tree, filepath.Join(out, "disk.raw"))
	}
	return r
}

// makeTree makes a directory of many small files, and an archive of the same.
func makeTree(dir, archive string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.Create(archive)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(f, 1<<20)
	w := tar.NewWriter(buffered)
	for n := 0; n < treeFiles && err == nil; n++ {
		err = addFile(dir, w, n)
	}
	return errors.Join(err, w.Close(), buffered.Flush(), f.Close())
}

// addFile makes the nth file, and its directory before the first one.
func addFile(dir string, w *tar.Writer, n int) error {
	folder := fmt.Sprintf("d%03d", n/treeFolder)
	name := fmt.Sprintf("%s/f%05d", folder, n)
	content := bytes.Repeat(fmt.Appendf(nil, "%07d\n", n), treeFile/8)
	when := time.Unix(1700000000, 0)
	if n%treeFolder == 0 {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: 0o755, ModTime: when}); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o644, ModTime: when}); err != nil {
		return err
	}
	_, err := w.Write(content)
	return err
}
