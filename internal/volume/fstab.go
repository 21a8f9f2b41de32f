package volume

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"time"

	"amiforge/diskimg/ext4"
	"amiforge/internal/tree"
)

// fstabName is the path of the table of file systems in a tree.
const fstabName = "etc/fstab"

// Fstab returns the table of a system that has one volume: its root, by label if it has a plain one, else by UUID. What
// else is mounted, such as /proc, systems see to themselves.
func Fstab(uuid [16]byte, label string) []byte {
	return fmt.Appendf(nil, "# <file system> <mount point> <type> <options> <dump> <pass>\n%s / ext4 defaults 0 1\n", spec(uuid, label))
}

func spec(uuid [16]byte, label string) string {
	const plain = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_."
	if label != "" && strings.Trim(label, plain) == "" {
		return "LABEL=" + label
	}
	return "UUID=" + FormatUUID(uuid)
}

// ReplaceFstab puts a table in the place of the tree's, which stays as etc/fstab.old.
func ReplaceFstab(src tree.Source, table []byte, at time.Time) tree.Source {
	return tree.Replace(src, tree.Replacement{
		Entry:   ext4.Entry{Name: fstabName, Mode: 0o644, ModTime: at, Size: int64(len(table))},
		Content: table, Old: fstabName + ".old",
	})
}

// RootSpec returns what a table of file systems mounts as the root, such as LABEL=root, or "" if it does not say.
func RootSpec(table []byte) string {
	lines := bufio.NewScanner(bytes.NewReader(table))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) >= 2 && !strings.HasPrefix(f[0], "#") && f[1] == "/" {
			return f[0]
		}
	}
	return ""
}

// Misfit says why a root that is mounted as spec is not that of the volume with uuid and label, or "". A device's name
// may fit or not.
func Misfit(spec string, uuid [16]byte, label string) string {
	kind, value, ok := strings.Cut(spec, "=")
	value = strings.Trim(value, `"`)
	switch {
	case !ok:
		return ""
	case strings.EqualFold(kind, "UUID") && !strings.EqualFold(value, FormatUUID(uuid)):
		return "the volume's UUID is " + FormatUUID(uuid)
	case strings.EqualFold(kind, "LABEL") && label == "":
		return "the volume has no label"
	case strings.EqualFold(kind, "LABEL") && value != label:
		return fmt.Sprintf("the volume's label is %q", label)
	case strings.EqualFold(kind, "PARTUUID"), strings.EqualFold(kind, "PARTLABEL"):
		return "that is a partition of the disk that it was on"
	}
	return ""
}

// maxFstab is the longest table that is looked at, in bytes.
const maxFstab = 64 << 10

// WatchFstab tells seen the table of file systems in src as it passes.
func WatchFstab(src tree.Source, seen func(table []byte)) tree.Source { return &fstabWatch{src, seen} }

type fstabWatch struct {
	tree.Source
	seen func(table []byte)
}

func (w *fstabWatch) Next() (*tree.Item, error) {
	item, err := w.Source.Next()
	if err != nil || item.Name != fstabName || !item.Mode.IsRegular() || item.HardLink != "" ||
		item.Content == nil || item.Size > maxFstab {
		return item, err
	}
	table, err := tree.ReadContent(item)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", fstabName, err)
	}
	w.seen(table)
	copied := *item
	copied.Content = bytes.NewReader(table)
	return &copied, nil
}
