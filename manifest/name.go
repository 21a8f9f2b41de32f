package manifest

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the longest name of a part, in bytes: what all file systems take.
const MaxName = 255

// CheckPartName refuses what is not a single, harmless path element: the empty name, . and .., names over
// MaxName bytes or beginning with -, and names with a slash, backslash or control character or that are not
// UTF-8. All else is legal, since old tools made such names: spaces, quotes, ; & and <. Image names follow
// the same rule. A manifest that was parsed has such names only.
func CheckPartName(name string) error {
	switch {
	case name == "":
		return errors.New("name is empty")
	case name == "." || name == "..":
		return fmt.Errorf("name %q is that of a directory", name)
	case len(name) > MaxName:
		return fmt.Errorf("name %.60q… is %d bytes long; at most %d are allowed", name, len(name), MaxName)
	case name[0] == '-':
		return fmt.Errorf("name %q begins with a dash", name)
	case strings.ContainsAny(name, `/\`):
		return fmt.Errorf("name %q has a slash or backslash; want a plain file name", name)
	case strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("name %q has a control character", name)
	case !utf8.ValidString(name):
		return fmt.Errorf("name %q is not UTF-8", name)
	}
	return nil
}

// CheckName refuses manifestName, under which the manifest itself is kept, if it is no plain file name or
// that of a part. Names that differ in case only are the same on some file systems, so they are here.
func (m *Manifest) CheckName(manifestName string) error {
	if err := CheckPartName(manifestName); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	for i, p := range m.Image.Parts {
		if strings.EqualFold(p.Name, manifestName) {
			return faultf(fmt.Sprintf("image/parts/part[%d]/filename", i), "name %q is that of the manifest", p.Name)
		}
	}
	return nil
}
