package audit

import (
	"bytes"
	"hash/maphash"
	"path"
	"slices"
	"strings"

	"amiforge/internal/rootfs"
	"amiforge/internal/rpmdb"
)

// packagedFiles are the names of the files that packages brought, as hashes.
type packagedFiles struct {
	seed  maphash.Seed
	names map[uint64]struct{}
}

// maxPackaged is how many files of packages are known.
const maxPackaged = 5_000_000

// rpmDatabaseSize is the limit for the database of rpm, which takes 30 KiB a package.
const rpmDatabaseSize = 512 << 20

// isPackaged tells whether a file is one of a package, in a directory that is the distribution's: there are keys and
// passwords in documentation and in tests, which everybody has anyway. In the directories of programs, a file that no
// package is said to have is not packaged; where that cannot be read of any, all that is there is.
func (r *run) isPackaged(name string) bool {
	if !isDistribution(name) {
		return false
	}
	known := r.packagedFiles()
	return len(known.names) == 0 || isDerived(name) || known.has(name)
}

func (r *run) packagedFiles() *packagedFiles {
	r.facts.packagedOnce.Do(func() { r.facts.packaged = r.readPackaged() })
	return r.facts.packaged
}

// packagesUnknown tells whether there are files that may be of packages, and nothing says which are.
func (r *run) packagesUnknown() bool {
	there, err := r.root.Exists("usr")
	return there && err == nil && len(r.packagedFiles().names) == 0
}

func (k *packagedFiles) has(name string) bool {
	_, ok := k.names[maphash.String(k.seed, merged(name))]
	return ok
}

// isDistribution knows the directories that package managers write.
func isDistribution(name string) bool {
	switch first, rest, _ := strings.Cut(name, "/"); first {
	case "bin", "sbin", "lib", "lib32", "lib64", "libx32":
		return true
	case "usr":
		second, _, _ := strings.Cut(rest, "/")
		return second != "local" && second != "home"
	}
	for _, dir := range []string{"var/lib/dpkg/", "var/lib/rpm/", "var/lib/apt/lists/", "var/cache/apt/", "var/cache/man/", "var/lib/pacman/"} {
		if strings.HasPrefix(name, dir) {
			return true
		}
	}
	return false
}

// isDerived tells whether a file of the distribution is in no list because it was made of those that are.
func isDerived(name string) bool {
	return strings.HasPrefix(name, "var/") || strings.HasSuffix(name, ".pyc")
}

// merged returns the name as it is where /bin, /sbin and /lib lead to /usr.
func merged(name string) string {
	if first, _, _ := strings.Cut(name, "/"); first != "usr" && first != "var" && first != "etc" {
		return "usr/" + name
	}
	return name
}

func (k *packagedFiles) add(name string) {
	if len(k.names) < maxPackaged {
		k.names[maphash.String(k.seed, merged(path.Clean(strings.Trim(name, "/"))))] = struct{}{}
	}
}

func (r *run) readPackaged() *packagedFiles {
	k := &packagedFiles{maphash.MakeSeed(), map[uint64]struct{}{}}
	for _, list := range append(r.glob("var/lib/dpkg/info/*.list"), r.glob("var/lib/pacman/local/*/files")...) {
		b, err := r.root.ReadUpTo(list, packageListSize)
		if !r.told(list, err) {
			continue
		}
		for line := range bytes.Lines(b) {
			k.add(strings.TrimRight(string(line), "\n"))
		}
	}
	for _, name := range apkDatabases() {
		b, err := r.root.ReadUpTo(name, packageListSize)
		if r.told(name, err) {
			k.addAPK(b)
		}
	}
	r.rpm(func(p rpmdb.Package) error {
		for name := range p.Files {
			k.add(name)
		}
		return nil
	})
	return k
}

// addAPK adds the files of a database of apk: F: is a directory, and R: a file in it.
func (k *packagedFiles) addAPK(b []byte) {
	dir := ""
	for line := range bytes.Lines(b) {
		switch key, value, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), ":"); key {
		case "F":
			dir = value
		case "R":
			k.add(dir + "/" + value)
		}
	}
}

// rpm goes over the packages of rpm's database. One that is of another kind than SQLite is not read.
func (r *run) rpm(found func(rpmdb.Package) error) {
	for _, name := range []string{"usr/lib/sysimage/rpm/rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite"} {
		b, err := r.root.ReadUpTo(name, rpmDatabaseSize)
		if !r.told(name, err) {
			continue
		}
		if err := rpmdb.Packages(b, found); err != nil {
			r.unreadable(name, err)
		}
		return
	}
}

// isLibraryTest tells whether a file is of the tests, or of the examples, of somebody's library: the keys in there are
// everybody's.
func isLibraryTest(name string) bool {
	dir, base := path.Split(name)
	if strings.Contains(dir, "/botocore/data/") {
		return true
	}
	library := false
	for elem := range strings.SplitSeq(dir, "/") {
		switch elem {
		case "test", "tests", "testing", "testdata", "__tests__", "fixtures", "example", "examples", "doc", "docs":
			if library {
				return true
			}
		}
		library = library || isLibraryDir(elem)
	}
	return library && (strings.HasSuffix(base, "_test.go") || strings.HasPrefix(base, "test_"))
}

// isLibrary tells whether a file is of a library that a language's own package manager brought.
func isLibrary(name string) bool {
	return slices.ContainsFunc(strings.Split(path.Dir(name), "/"), isLibraryDir)
}

func isLibraryDir(elem string) bool {
	return strings.HasPrefix(elem, "python3.") ||
		slices.Contains([]string{"site-packages", "dist-packages", "node_modules", "gems", "vendor", "mod", "registry", "src", "aws-cli"}, elem)
}

// ours tells whether rules look at what f has in it: not at files of packages.
func (p *probe) ours(f *rootfs.File) bool { return isRegular(f) && !p.isPackaged(f.Name) }
