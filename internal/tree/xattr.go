package tree

import (
	"slices"
	"strings"

	"amiforge/diskimg/ext4"
)

// The extended attributes in which Linux keeps access control lists.
const (
	aclAccess  = "system.posix_acl_access"
	aclDefault = "system.posix_acl_default"
)

// keepsXattr tells whether ext4 can have the attribute.
func keepsXattr(name string) bool {
	for _, namespace := range []string{"user.", "security.", "trusted."} {
		if strings.HasPrefix(name, namespace) {
			return true
		}
	}
	return name == aclAccess || name == aclDefault
}

func sortXattrs(xattrs []ext4.Xattr) {
	slices.SortFunc(xattrs, func(a, b ext4.Xattr) int { return strings.Compare(a.Name, b.Name) })
}
