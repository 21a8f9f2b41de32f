package gc

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"amiforge/bundle"
	"amiforge/internal/registry"
)

// namedOtherwise says which living image may name the bundle in another way, as another machine mounts it: one with
// the same manifest. That it does not is known only of the bundle of an image that has ended, if it was a copy in a
// folder of its own, which the other's location does not end in, or if each such image has its manifest where it says,
// too.
func (c *Collector) namedOtherwise(ctx context.Context, x *index, f *folder, d document, ended []registry.Image) string {
	ended = slices.DeleteFunc(slices.Clone(ended), func(m registry.Image) bool { return !d.isOf(m) })
	for _, m := range x.digests[d.digest] {
		if slices.ContainsFunc(ended, func(e registry.Image) bool { return isApart(e, m) }) {
			continue
		}
		if len(ended) == 0 || !c.hasAnother(ctx, m, f.loc.Object(d.name)) {
			return fmt.Sprintf("it is the same as that of %s, registered at %s", m.ID, m.Location)
		}
	}
	return ""
}

// isApart reports whether an image is a copy with a folder of its own, and the location of m does not end in that.
func isApart(image, m registry.Image) bool {
	folder := folderOf(image.Location)
	own := "/" + image.ID + "/" + strings.TrimPrefix(image.Location, folder)
	return image.SourceImageID != "" && strings.HasSuffix(image.Location, own) && !strings.HasSuffix(m.Location, own)
}

// hasAnother reports whether an image's manifest is seen where the image says, and is not the one at location. A bucket
// may be mounted as a directory: whether a path and a location in a bucket are two, nobody knows.
func (c *Collector) hasAnother(ctx context.Context, m registry.Image, location string) bool {
	at, name, err := c.locate(ctx, m)
	isDir := at.loc.Bucket == ""
	if err != nil || isDir != filepath.IsAbs(location) || isDir && isSameFile(m.Location, location) {
		return false
	}
	st, closer, err := at.open()
	if err != nil {
		return false
	}
	defer closer.Close()
	doc, err := bundle.ReadManifest(ctx, st, name)
	return err == nil && registry.DigestManifest(doc) == m.ManifestDigest
}

// isSameFile reports whether two paths lead to one file. A server's directory that is mounted twice has two devices:
// then the number and the last change of the inode tell.
func isSameFile(a, b string) bool {
	var one, other unix.Stat_t
	if unix.Stat(a, &one) != nil || unix.Stat(b, &other) != nil {
		return false
	}
	return one.Ino == other.Ino && one.Ctim == other.Ctim
}
