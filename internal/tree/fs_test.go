package tree

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/diskimg/ext4"
	"amiforge/internal/oracle"
)

// openFS opens what mke2fs makes of the directory root, once debugfs has run the commands.
func openFS(t testing.TB, root string, commands ...string) *ext4.FS {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fs.img")
	oracle.Run(t, "mke2fs", "-q", "-F", "-t", "ext4", "-d", root, path, "64M")
	for _, command := range commands {
		oracle.Run(t, "debugfs", "-w", "-R", command, path)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	fsys, err := ext4.Open(f, 64<<20, nil)
	if err != nil {
		t.Fatal(err)
	}
	return fsys
}

// TestFS has the same tree as a directory and as a file system.
func TestFS(t *testing.T) {
	root := treeOf(t)
	want, err := describe(t, openDir(t, root, nil))
	if err != nil {
		t.Fatal(err)
	}
	got, err := describe(t, FromFS(t.Context(), openFS(t, root, "rmdir lost+found")))
	if err != nil {
		t.Fatal(err)
	}
	got[0], want[0] = "the root", "the root" // mke2fs makes its own
	wantLines(t, got, want...)
}

func TestFSLoop(t *testing.T) {
	fsys := openFS(t, plant(t, "a/b/c:1"), "link a a/b/d")
	if _, err := describe(t, FromFS(t.Context(), fsys)); err == nil || !strings.Contains(err.Error(), "a/b/d") {
		t.Errorf("%v", err)
	}
}

func TestFSCancel(t *testing.T) {
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	if _, err := FromFS(ctx, openFS(t, plant(t, "a"))).Next(); !errors.Is(err, enough) {
		t.Error(err)
	}
}
