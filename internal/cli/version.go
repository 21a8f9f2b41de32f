package cli

import (
	"cmp"
	"runtime/debug"
)

// version is set by the linker in releases: -ldflags "-X amiforge/internal/cli.version=v1.2.3".
var version string

// Version returns the version of the binary: the linker's, else that of the module or of the commit that the
// go command recorded, else "(devel)".
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	return cmp.Or(info.Main.Version, "(devel)")
}
