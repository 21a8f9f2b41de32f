package main

import (
	"path/filepath"

	"amiforge/internal/cli"
	"amiforge/manifest"
)

// checkOutput refuses to replace, under --force, what the image is made from: the manifest, a part, a key.
func (o *options) checkOutput(path string, object cli.Object, parts []manifest.Part) error {
	inputs := []string{o.key, o.cert}
	names := []string{object.Name}
	for _, p := range parts {
		names = append(names, p.Name)
	}
	for _, name := range names {
		if name == filepath.Base(path) {
			inputs = append(inputs, filepath.Join(object.Location.Dir, name), filepath.Join(o.source, name))
		}
	}
	for _, input := range inputs {
		if cli.SameFile(path, input) {
			return cli.Usagef("%s is what the image is made from: choose another output", path)
		}
	}
	return nil
}
