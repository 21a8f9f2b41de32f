package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"amiforge/internal/cli"
)

// validateWords looks for what users of qemu-img type, and for flags that are given for nothing.
func (o *options) validateWords(f *pflag.FlagSet) error {
	if err := o.asInQemu(f); err != nil {
		return err
	}
	for _, name := range []string{"format", "subformat", "for", "partition", "resize", "source-format"} {
		// As after --for "$PRESET", where PRESET is not set: the default would not be what was meant.
		if f.Changed(name) && f.Lookup(name).Value.String() == "" {
			return cli.Usagef("--%s: the value is empty", name)
		}
	}
	return o.keysForNothing(f)
}

// asInQemu is a usage error, with the line to type, where the command line is one of qemu-img convert: with that word,
// with -O, or with the output behind the source.
func (o *options) asInQemu(f *pflag.FlagSet) error {
	switch {
	case len(o.sources) > 0 && o.sources[0] == "convert" && !isThere("convert"):
		return cli.Usagef("there is no \"convert\": %s", o.line(o.sources[1:]))
	case f.Changed("qemu-format"):
		return cli.Usagef("-O is -f here, and the output goes behind -o: %s", o.line(o.sources))
	case o.mode() == "" && o.output == "" && len(o.sources) > 1:
		return cli.Usagef("unexpected argument %q: the output goes behind -o: %s", o.sources[1], o.line(o.sources))
	}
	return nil
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// line returns the command line that does what one with args is meant to do.
func (o *options) line(args []string) string {
	words := []string{"ami-export", "SOURCE"}
	if len(args) > 0 {
		words[1] = args[0]
	}
	output := o.output
	if output == "" && len(args) > 1 {
		output = args[1]
	}
	if output == "" {
		output = "OUTPUT"
	}
	if o.qemuFormat != "" {
		words = append(words, "-f", strings.Replace(o.qemuFormat, "vpc", "vhd", 1))
	}
	return strings.Join(append(words, "-o", output), " ")
}

// keysForNothing is a usage error where flags of bundles are given, and all sources are disk files. The environment
// may hold a key at all times.
func (o *options) keysForNothing(f *pflag.FlagSet) error {
	for _, arg := range o.sources {
		if isBundle(arg) {
			return nil
		}
	}
	for _, name := range []string{"privatekey", "cert", "source", "allow-unsigned"} {
		if f.Changed(name) && len(o.sources) > 0 && isDirectory(o.sources[0]) {
			return cli.Usagef("%s is a directory: of a bundle in it, give the manifest, such as %s", o.sources[0], filepath.Join(o.sources[0], "image.manifest.xml"))
		}
		if f.Changed(name) && len(o.sources) > 0 {
			return cli.Usagef("--%s is for bundles, and %s is a disk file: leave it out", name, o.sources[0])
		}
	}
	return nil
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// isBundle tells an argument that stands for a bundle from a disk file's name.
func isBundle(arg string) bool {
	return cli.IsBundle(arg) || strings.Contains(arg, "://")
}
