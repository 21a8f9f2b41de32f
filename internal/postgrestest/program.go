package postgrestest

import (
	"cmp"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"amiforge/internal/oracle"
)

// programs is the directory of PostgreSQL's programs.
type programs string

func (p programs) path(name string) string { return filepath.Join(string(p), name) }

// lookPrograms returns the programs, or skips the test.
func lookPrograms(t testing.TB) programs {
	t.Helper()
	program, err := findPrograms()
	if err != nil {
		oracle.Skipf(t, "%v: apt-get install postgresql", err)
	}
	return program
}

// findPrograms returns the newest of Debian's, which are on nobody's PATH, else those that are on it.
func findPrograms() (programs, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		path, err := exec.LookPath("initdb")
		if err != nil {
			return "", errors.New("PostgreSQL's server is not installed")
		}
		return programs(filepath.Dir(path)), nil
	}
	return programs(filepath.Dir(slices.MaxFunc(found, func(a, b string) int {
		return cmp.Compare(major(a), major(b))
	}))), nil
}

// major returns the version in /usr/lib/postgresql/15/bin/initdb.
func major(path string) int {
	version, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // 0 is an old 9.6
	return version
}
