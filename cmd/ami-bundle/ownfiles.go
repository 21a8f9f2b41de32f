package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"

	"amiforge/internal/cli"
)

// ownFiles are the files of this command, which must not end up in the volume that it makes.
type ownFiles struct {
	dirs, temps []ownFile
	output      string          // the file that the volume is to be
	names       map[string]bool // in the volume
	below       []ownFile       // the temporary ones, by their names in the volume
}

// An ownFile is a directory, or the temporary files that are called after name in it.
type ownFile struct{ dir, name string }

// directory adds a directory: what is in it is left out.
func (o *ownFiles) directory(dir, what string) { o.dirs = append(o.dirs, ownFile{dir, what}) }

// temporary adds the temporary files that are called after name in dir.
func (o *ownFiles) temporary(dir, name string) { o.temps = append(o.temps, ownFile{dir, name}) }

// in finds out where the files are in the tree at root, if they are, and the private key too. note is told of it.
func (o *ownFiles) in(root, key string, note func(text string)) error {
	o.names = map[string]bool{}
	for _, d := range o.dirs {
		name, ok := within(root, d.dir)
		switch {
		case name == ".":
			return cli.Usagef("%s is to be the volume, and %s goes there: choose another directory for it", root, d.name)
		case ok:
			note(fmt.Sprintf("%s is left out of the volume: %s goes there", d.dir, d.name))
			o.names[name] = true
		}
	}
	if name, ok := within(root, key); ok && key != "" {
		note(fmt.Sprintf("%s is left out of the volume: it is the private key that signs the bundle", key))
		o.names[name] = true
	}
	if name, ok := within(root, o.output); ok && o.output != "" {
		o.names[name] = true // what it replaces
	}
	for _, t := range o.temps {
		if name, ok := within(root, t.dir); ok {
			o.below = append(o.below, ownFile{name, t.name})
		}
	}
	return nil
}

// within returns the name of file in the tree at root, if it is there.
func within(root, file string) (name string, ok bool) {
	root, err := realPath(root)
	if err != nil {
		return "", false
	}
	if file, err = realPath(file); err != nil {
		return "", false
	}
	rel, err := filepath.Rel(root, file)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// realPath returns where a path that exists leads to.
func realPath(p string) (string, error) {
	abs, err := filepath.Abs(p)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// has tells whether name, in the volume, is one of the files, or a directory of them.
func (o *ownFiles) has(name string) bool {
	if o.names[name] {
		return true
	}
	for _, t := range o.below {
		if path.Dir(name) == t.dir && cli.IsTemp(path.Base(name), t.name) {
			return true
		}
	}
	return false
}

// isRoot tells whether dir is the root of the running system.
func isRoot(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	root, err := os.Stat("/")
	return err == nil && os.SameFile(info, root)
}

// pseudoFileSystems are the directories whose content is never one of files.
func pseudoFileSystems() []string { return []string{"/proc", "/sys"} }

// runtimeDirectories are the directories whose content is only of a running system. They stay, and are empty.
func runtimeDirectories() []string {
	return append(pseudoFileSystems(), "/dev", "/media", "/mnt", "/run", "/tmp")
}
