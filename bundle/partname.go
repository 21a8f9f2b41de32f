package bundle

import "strings"

// SplitPartName returns the name of the bundle that a part belongs to if it is called as all tools call parts,
// NAME.part.N, and false for every other name.
func SplitPartName(part string) (name string, ok bool) {
	if !isPartName(part) {
		return "", false
	}
	return part[:strings.LastIndex(part, ".part.")], true
}

// Lock keeps other processes from writing the bundle called name until unlock is called, as Create and Copy do. One
// that is writing it already is an error. A bucket has no locks: there it does nothing.
func Lock(st Store, name string) (unlock func(), err error) { return lockBundle(st, name) }
