package auditimage

import (
	"path"
	"strings"
	"testing"
)

// Whatever an fstab says, what it mounts is below the root.
func FuzzTable(f *testing.F) {
	f.Add([]byte("UUID=1-2 /home ext4 defaults 0 2\n# a comment\n"))
	f.Add([]byte(`LABEL=a\040b //srv/./x\057../y ext4 x`))
	f.Add([]byte("/dev/sda2 /../.. none bind\n\\400 \\0 \\"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, line := range parseTable(text) {
			if line.at == "." || path.IsAbs(line.at) || path.Clean(line.at) != line.at || strings.HasPrefix(line.at+"/", "../") {
				t.Errorf("mounted on %q", line.at)
			}
			line.means(&volume{index: 1})
		}
	})
}
