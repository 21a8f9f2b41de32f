package ext4

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// convertAttrs checks the attributes and has them as they are on the disk.
func convertAttrs(xattrs []Xattr) ([]attr, error) {
	attrs := make([]attr, 0, len(xattrs))
	names := make(map[string]bool, len(xattrs))
	for _, x := range xattrs {
		a, err := convertAttr(x)
		if err != nil {
			return nil, fmt.Errorf("attribute %q: %w", x.Name, err)
		}
		if names[x.Name] {
			return nil, fmt.Errorf("attribute %q is there twice", x.Name)
		}
		names[x.Name] = true
		attrs = append(attrs, a)
	}
	return attrs, nil
}

func convertAttr(x Xattr) (attr, error) {
	a := attr{value: bytes.Clone(x.Value), full: x.Name}
	var err error
	switch x.Name {
	case "system.posix_acl_access":
		a.index = 2
		a.value, err = convertACL(x.Value)
	case "system.posix_acl_default":
		a.index = 3
		a.value, err = convertACL(x.Value)
	case "system.richacl":
		a.index = 8
	default:
		a.index, a.name, err = splitAttr(x.Name)
	}
	if err == nil && len(a.value) > maxAttrValue {
		err = fmt.Errorf("%d bytes are more than a block has room for", len(a.value))
	}
	return a, err
}

func splitAttr(full string) (uint8, string, error) {
	if full == "system.data" {
		return 0, "", errors.New("the name is that of content in the inode")
	}
	for index, prefix := range xattrPrefixes() {
		name, ok := strings.CutPrefix(full, prefix)
		if !ok || !strings.HasSuffix(prefix, ".") {
			continue
		}
		if name == "" || len(name) > nameMax || strings.IndexByte(name, 0) >= 0 {
			return 0, "", fmt.Errorf("a name of %d bytes in the namespace is not possible", len(name))
		}
		return index, name, nil
	}
	return 0, "", errors.New("the namespace is unknown")
}
