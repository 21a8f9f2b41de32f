package auditimage

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A tableLine is a line of an fstab that is about a file system on the disk, most likely.
type tableLine struct {
	what string // UUID=…, LABEL=…, /dev/sda1
	at   string // where it is mounted, as io/fs has it
}

// parseTable returns the lines of an fstab [fstab(5)] that mount something below the root when a machine starts: those
// nearest to it first.
func parseTable(text []byte) (lines []tableLine) {
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || strings.HasPrefix(fields[0], "#") || len(fields) > 3 && slices.Contains(strings.Split(fields[3], ","), "noauto") {
			continue
		}
		at := unescape(fields[1])
		elements := slices.DeleteFunc(strings.Split(at, "/"), func(e string) bool { return e == "" || e == "." })
		if !strings.HasPrefix(at, "/") || len(elements) == 0 || slices.Contains(elements, "..") {
			continue
		}
		if elements[0] == "etc" { // what a machine starts with, and an audit looks at, is in the root file system
			continue
		}
		lines = append(lines, tableLine{unescape(fields[0]), strings.Join(elements, "/")})
	}
	slices.SortStableFunc(lines, func(a, b tableLine) int { return strings.Count(a.at, "/") - strings.Count(b.at, "/") })
	return lines
}

// unescape reads the octal escapes of an fstab: \040 is a blank.
func unescape(s string) string {
	return regexp.MustCompile(`\\[0-3][0-7][0-7]`).ReplaceAllStringFunc(s, func(escape string) string {
		n, err := strconv.ParseUint(escape[1:], 8, 8)
		if err != nil {
			return escape
		}
		return string([]byte{byte(n)})
	})
}

// means tells whether the line is about a volume. Of devices that is known by the names that the first disk of a machine
// has.
func (l tableLine) means(v *volume) bool {
	for prefix, has := range map[string]string{
		"UUID=": v.kind.UUID, "/dev/disk/by-uuid/": v.kind.UUID,
		"PARTUUID=": v.partition.UUID, "/dev/disk/by-partuuid/": v.partition.UUID,
	} {
		if value, ok := strings.CutPrefix(l.what, prefix); ok {
			return has != "" && strings.EqualFold(strings.Trim(value, `"`), has)
		}
	}
	for prefix, has := range map[string]string{
		"LABEL=": v.kind.Label, "/dev/disk/by-label/": v.kind.Label,
		"PARTLABEL=": v.partition.Name, "/dev/disk/by-partlabel/": v.partition.Name,
	} {
		if value, ok := strings.CutPrefix(l.what, prefix); ok {
			return has != "" && strings.Trim(value, `"`) == has
		}
	}
	return v.index > 0 && l.device() == v.index
}

// device returns the number of the partition whose device the line names, 0 if it names none of the first disk.
func (l tableLine) device() int {
	match := regexp.MustCompile(`^/dev/(?:(?:s|xv|v|h)da|nvme0n1p|mmcblk0p)([1-9][0-9]{0,2})$`).FindStringSubmatch(l.what)
	if match == nil {
		return 0
	}
	n, err := strconv.Atoi(match[1])
	if err != nil {
		return 0
	}
	return n
}
