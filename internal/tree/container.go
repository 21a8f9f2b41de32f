package tree

import (
	"errors"
	"fmt"
	"strings"
)

// errContainerImage refuses what has the files of a system only inside of archives.
var errContainerImage = errors.New("this is a container image, whose files are in the archives of its layers: make a container of it, and give what docker export or podman export writes")

// isContainerImage tells whether the archive is what docker save or skopeo writes: an image in Docker's format or an OCI
// layout [image-spec, image-layout.md], and nothing of a system.
func (a *archive) isContainerImage() bool {
	for _, name := range []string{"bin", "etc", "usr"} {
		if _, ok := a.given[name]; ok {
			return false
		}
	}
	if a.isFile("oci-layout") && a.isFile("index.json") {
		return true
	}
	if !a.isFile("manifest.json") {
		return false
	}
	for name := range a.given {
		if dir, base := split(name); base == "layer.tar" && dir != "." {
			return true
		}
	}
	return a.isFile("repositories")
}

func (a *archive) isFile(name string) bool {
	mode, ok := a.given[name]
	return ok && mode.IsRegular()
}

// noteWhiteout counts the files by which a layer takes others out of those below it.
func (a *archive) noteWhiteout(name string) {
	if _, base := split(name); strings.HasPrefix(base, whiteout) {
		if a.whiteouts++; a.whiteouts == 1 {
			a.whiteout = name
		}
	}
}

func (a *archive) warnOfWhiteouts() {
	if a.whiteouts > 0 {
		a.warn(fmt.Sprintf("%s: this looks like one layer of a container image: %s, one of %d such files, stays a file and takes nothing away",
			a.name, a.whiteout, a.whiteouts))
	}
}
