package cli

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"amiforge/internal/registry"
)

// IsImageID tells an AMI ID from the name of a file that is there.
func IsImageID(arg string) bool {
	if !strings.HasPrefix(arg, "ami-") {
		return false
	}
	_, err := os.Lstat(arg)
	return registry.CheckID(arg) == nil || errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(arg, "./")
}

// IsManifest tells the manifest of a bundle by its name.
func IsManifest(arg string) bool {
	return strings.HasSuffix(arg, ".manifest.xml") || strings.HasSuffix(arg, ".manifest.xml.encrypted")
}

// IsBundle tells an argument that stands for a bundle from a disk file's name.
func IsBundle(arg string) bool { return IsImageID(arg) || IsManifest(arg) }
