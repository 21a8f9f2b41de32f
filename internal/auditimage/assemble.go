package auditimage

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"amiforge/diskimg/partition"
	"amiforge/internal/rootfs"
)

// assemble makes systems of the volumes: each that looks like a root, with others where its fstab says. What none of
// them mentions is in the first, under its own name.
func (o *opening) assemble() {
	roots := o.roots()
	for i, root := range roots {
		system := System{Root: rootfs.New(root.fsys), base: root.fsys}
		if i > 0 {
			system.Prefix = "/" + root.name
			o.image.note("%s has a system too: its findings are below %s", root.name, system.Prefix)
		}
		root.mounted = true
		o.image.Systems = append(o.image.Systems, system)
	}
	if len(roots) == 0 {
		o.image.note("no file system looks like the root of a system: each is audited under its partition's name")
		o.image.Systems = []System{{Root: rootfs.New(empty{}), base: empty{}}}
	}
	for i, root := range roots {
		o.mountTable(&o.image.Systems[i], root)
	}
	first := &o.image.Systems[0]
	for _, v := range o.volumes {
		if !v.mounted && (len(roots) == 0 || !o.mountESP(first, v)) {
			o.mountByName(first.Root, v.name, v.fsys)
		}
	}
}

// roots returns the volumes that have a system. Where there is only one volume, it is that one.
func (o *opening) roots() (roots []*volume) {
	if len(o.volumes) == 1 {
		return o.volumes
	}
	for _, v := range o.volumes {
		if looksLikeRoot(v.fsys) {
			roots = append(roots, v)
		}
	}
	return roots
}

func looksLikeRoot(fsys fs.FS) bool {
	has := func(name string) bool {
		_, err := fs.Lstat(fsys, name)
		return err == nil
	}
	return has("etc") && slices.ContainsFunc([]string{"usr", "bin", "sbin", "lib"}, has)
}

// mountTable mounts what the fstab of a root mentions.
func (o *opening) mountTable(s *System, of *volume) {
	text, err := s.Root.ReadFile("etc/fstab")
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			o.image.note("%s: etc/fstab: %v: it is not gone by", of.name, err)
		}
		return
	}
	for _, line := range parseTable(text) {
		i := slices.IndexFunc(o.volumes, func(v *volume) bool { return v != of && line.means(v) })
		if i >= 0 && !looksLikeRoot(o.volumes[i].fsys) {
			o.mount(s, line.at, o.volumes[i])
		}
	}
}

// mountESP mounts a partition that systemd finds by its type, at /boot or /efi, if there is such a directory.
func (o *opening) mountESP(s *System, v *volume) bool {
	const typeXBOOTLDR = "bc13c2ff-59e6-4262-a352-b275fd6f7172"
	var places []string
	switch v.partition.Type {
	case partition.TypeESP, partition.TypeMBRESP:
		places = []string{"efi", "boot/efi"}
	case typeXBOOTLDR:
		places = []string{"boot"}
	}
	for _, at := range places {
		if s.isDir(at) {
			return o.mount(s, at, v)
		}
	}
	return false
}

// mount puts a volume on a directory. What lies in the directory already is hidden by that from the machine, but not from
// whoever has the image: it is audited under a name of its own.
func (o *opening) mount(s *System, at string, v *volume) bool {
	_, err := s.Root.Stat(at)
	isNew := errors.Is(err, fs.ErrNotExist) && s.isDir(path.Dir(at))
	if !s.isDir(at) && !isNew { // nobody would come by there
		o.image.note("%s: /%s, where it would be mounted, is no directory", v.name, at)
		return false
	}
	hidden := s.below(at)
	if err := s.Root.Mount(at, v.fsys); err != nil {
		o.image.note("%s: mount on /%s: %v", v.name, at, err)
		return false
	}
	s.mounts, v.mounted = append(s.mounts, mounted{at, v.fsys}), true
	if hidden != nil {
		o.mountByName(s.Root, fmt.Sprintf("%s hides of %s", v.name, strings.ReplaceAll(at, "/", "-")), hidden)
	}
	return true
}

func (s *System) isDir(name string) bool {
	info, err := s.Root.Stat(name)
	return err == nil && info.IsDir()
}

// below returns what lies in a directory now, nil if that is nothing.
func (s *System) below(at string) fs.FS {
	if list, err := s.Root.ReadDir(at); err != nil || len(list) == 0 {
		return nil
	}
	before := rootfs.New(s.base)
	for _, m := range s.mounts {
		if before.Mount(m.at, m.fsys) != nil {
			return nil
		}
	}
	at, err := before.Resolve(at)
	if err != nil {
		return nil
	}
	hidden, err := fs.Sub(before, at)
	if err != nil {
		return nil
	}
	return hidden
}

// mountByName puts a file system in the root directory under a name that nothing has there.
func (o *opening) mountByName(root *rootfs.Root, name string, fsys fs.FS) {
	for {
		if _, err := root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			break
		}
		name += "'"
	}
	if err := root.Mount(name, fsys); err != nil {
		o.image.note("%s: %v", name, err)
	}
}
