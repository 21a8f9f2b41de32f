package clean

import (
	"fmt"
	"slices"
	"strings"

	"amiforge/internal/auditimage"
)

// checkFeatures compares what a file system has with what it would be written with.
func (c *copier) checkFeatures(v auditimage.Volume) error {
	info := v.Ext.Info()
	has := func(name string) bool { return slices.Contains(info.Features, name) }
	for _, name := range []string{"casefold", "verity"} {
		if has(name) {
			return fmt.Errorf("feature %s is not written: the file system cannot be made anew", name)
		}
	}
	for _, name := range []string{"quota", "project"} {
		if has(name) {
			c.notef("%s has not its %s any more: tune2fs turns it on", v.Name, name)
		}
	}
	missing := slices.DeleteFunc([]string{"extent", "64bit", "metadata_csum"}, has)
	switch {
	case len(missing) == 0:
		return nil
	case !c.opts.Upgrade:
		return fmt.Errorf("it is %s without %s: %w", info.Kind, strings.Join(missing, ", "), ErrOld)
	}
	c.notef("%s was %s and is ext4 now, with %s: its system needs Linux 3.18 and e2fsprogs 1.43, or later", v.Name, info.Kind, strings.Join(missing, ", "))
	if info.Kind != "ext4" {
		c.notef("%s is ext4: /etc/fstab must not say that it is %s", v.Name, info.Kind)
	}
	return nil
}
