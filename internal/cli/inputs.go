package cli

import (
	"path/filepath"

	"amiforge/manifest"
)

// RefuseInputs is a usage error where path leads to one of the files inputs, which it would replace under --force.
func RefuseInputs(path string, inputs ...string) error {
	for _, input := range inputs {
		if SameFile(path, input) {
			return Usagef("%s is what the image is made from: choose another output", path)
		}
	}
	return nil
}

// RefuseBundle is a usage error where path leads to the bundle of object and parts, or to a key that it is opened
// with.
func (o *Opening) RefuseBundle(path string, object Object, parts []manifest.Part) error {
	inputs := []string{o.Key, o.Cert}
	names := []string{object.Name}
	for _, p := range parts {
		names = append(names, p.Name)
	}
	for _, name := range names {
		if path == object.Location.Object(name) && object.Location.Bucket != "" {
			return Usagef("%s is what the image is made from: choose another output", path)
		}
		if name == filepath.Base(path) {
			inputs = append(inputs, filepath.Join(object.Location.Dir, name), filepath.Join(o.Parts, name))
		}
	}
	return RefuseInputs(path, inputs...)
}
