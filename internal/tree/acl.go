package tree

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// Tags of the entries of an access control list, in the order in which Linux wants them [linux/posix_acl.h].
const (
	aclUserObj  = 0x01
	aclUser     = 0x02
	aclGroupObj = 0x04
	aclGroup    = 0x08
	aclMask     = 0x10
	aclOther    = 0x20

	aclVersion = 2
	aclNoID    = 0xffffffff
)

// An acl is an access control list, its entries in the order of Linux.
type acl []aclEntry

type aclEntry struct {
	tag, perm uint16
	id        uint32
}

// parseACL parses the text of an access control list [acl(5)], as archives have it. Users and groups need their numbers: in
// the place of the name, or behind the permissions. Entries without are left out, and returned as unnumbered: the others
// are worth something without them, for the group's permissions in the mode of the file are those of the mask.
func parseACL(text string) (entries acl, unnumbered []string, err error) {
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '\n' }) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		e, err := parseACLEntry(line)
		if err == errNoNumber {
			unnumbered = append(unnumbered, line)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b aclEntry) int { return cmp.Or(cmp.Compare(a.tag, b.tag), cmp.Compare(a.id, b.id)) })
	return entries, unnumbered, checkACL(entries)
}

var errNoNumber = errors.New("an entry of an access control list has a name and no number")

// value returns what the extended attribute has that Linux keeps the list in.
func (l acl) value() []byte {
	value := binary.LittleEndian.AppendUint32(nil, aclVersion)
	for _, e := range l {
		value = binary.LittleEndian.AppendUint16(value, e.tag)
		value = binary.LittleEndian.AppendUint16(value, e.perm)
		value = binary.LittleEndian.AppendUint32(value, e.id)
	}
	return value
}

// permissions returns those that the file has with the list: those of its group are the mask. bsdtar writes others.
func (l acl) permissions() fs.FileMode {
	var mode fs.FileMode
	for _, e := range l { // the mask comes after the group
		switch e.tag {
		case aclUserObj:
			mode |= fs.FileMode(e.perm) << 6
		case aclGroupObj, aclMask:
			mode = mode&^0o70 | fs.FileMode(e.perm)<<3
		case aclOther:
			mode |= fs.FileMode(e.perm)
		}
	}
	return mode
}

// isMinimal tells whether the list says no more than the permissions do.
func (l acl) isMinimal() bool { return len(l) == 3 }

func parseACLEntry(line string) (aclEntry, error) {
	parts := strings.Split(strings.TrimPrefix(line, "default:"), ":")
	if len(parts) == 2 { // mask:rwx and other:rwx of Solaris
		parts = slices.Insert(parts, 1, "")
	}
	if len(parts) < 3 || len(parts) > 4 {
		return aclEntry{}, fmt.Errorf("%q is not an entry of an access control list", line)
	}
	e := aclEntry{id: aclNoID}
	var named bool
	switch parts[0] {
	case "user", "u":
		e.tag, named = aclUserObj, parts[1] != ""
	case "group", "g":
		e.tag, named = aclGroupObj, parts[1] != ""
	case "mask", "m":
		e.tag = aclMask
	case "other", "o":
		e.tag = aclOther
	default:
		return aclEntry{}, fmt.Errorf("%q is not an entry of an access control list", line)
	}
	if named {
		e.tag <<= 1 // aclUser, aclGroup
		id, err := strconv.ParseUint(parts[len(parts)-1], 10, 32)
		if len(parts) == 3 {
			id, err = strconv.ParseUint(parts[1], 10, 32)
		}
		if err != nil {
			return aclEntry{}, errNoNumber
		}
		e.id = uint32(id)
	}
	for _, c := range strings.TrimSpace(parts[2]) {
		bit := map[rune]uint16{'r': 4, 'w': 2, 'x': 1, '-': 0}
		n, ok := bit[c]
		if !ok {
			return aclEntry{}, fmt.Errorf("%q is not an entry of an access control list", line)
		}
		e.perm |= n
	}
	return e, nil
}

// checkACL tells whether Linux would take the sorted entries.
func checkACL(entries acl) error {
	count := map[uint16]int{}
	for i, e := range entries {
		if i > 0 && e.tag == entries[i-1].tag && e.id == entries[i-1].id {
			return fmt.Errorf("an access control list has two entries for %d", e.id)
		}
		count[e.tag]++
	}
	needsMask := count[aclUser]+count[aclGroup] > 0 && count[aclMask] == 0
	if count[aclUserObj] != 1 || count[aclGroupObj] != 1 || count[aclOther] != 1 || needsMask {
		return errors.New("an access control list lacks entries that Linux needs")
	}
	return nil
}
