package clean

import (
	"path"
	"strings"

	"amiforge/internal/auditimage"
)

// maxHomes is how many lines of /etc/passwd are looked at.
const maxHomes = 100_000

// homes returns the directories of a system's users: root's, those in /home and those that /etc/passwd has, under the
// names that lead to them and under their own. The root directory, which many users of services have, is ".".
func homes(s *auditimage.System) map[string]bool {
	list := []string{"root"}
	if entries, err := s.Root.ReadDir("home"); err == nil {
		for _, e := range entries {
			list = append(list, path.Join("home", e.Name()))
		}
	}
	passwd, _ := s.Root.ReadFile("etc/passwd") // without one there are no others
	for line := range strings.Lines(string(passwd)) {
		if f := strings.Split(line, ":"); len(f) > 6 && len(list) < maxHomes {
			list = append(list, path.Join(".", path.Clean("/"+f[5])))
		}
	}
	found := map[string]bool{}
	for _, name := range list {
		found[name] = true
		if resolved, err := s.Root.Resolve(name); err == nil {
			found[resolved] = true
		}
	}
	return found
}
