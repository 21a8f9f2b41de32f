package ext4_test

import (
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"amiforge/diskimg/ext4"
)

// A file system is made in a new file, entry after entry, and read as any io/fs.FS.
func Example() {
	dir, err := os.MkdirTemp("", "ext4")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file, err := os.Create(filepath.Join(dir, "root.ext4"))
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()

	w, err := ext4.Create(file, &ext4.CreateOptions{Label: "root", Time: time.Unix(1_700_000_000, 0)})
	if err != nil {
		log.Fatal(err)
	}
	content := "web1\n"
	err = w.Add(&ext4.Entry{Name: "etc/hostname", Mode: 0o644, Size: int64(len(content))}, strings.NewReader(content))
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Add(&ext4.Entry{Name: "hostname", Mode: fs.ModeSymlink | 0o777, Link: "/etc/hostname"}, nil); err != nil {
		log.Fatal(err)
	}
	size, err := w.Finish()
	if err != nil {
		log.Fatal(err)
	}
	if err := file.Truncate(size); err != nil {
		log.Fatal(err)
	}

	f, err := ext4.Open(file, size, nil)
	if err != nil {
		log.Fatal(err)
	}
	b, err := f.ReadFile("hostname")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %s", f.Info().Label, b)
	// Output: root: web1
}
