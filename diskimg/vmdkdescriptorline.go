package diskimg

import (
	"strconv"
	"strings"
)

// An extentLine says where a run of the disk is:
//
//	RW 4192256 SPARSE "disk-s001.vmdk"
//	RW 1048576 FLAT "disk-flat.vmdk" 0
//	RW 2048 ZERO
type extentLine struct {
	at     int64  // where the line is in its file, in bytes
	access string // RW, RDONLY or NOACCESS
	size   int64  // of the run, in bytes
	kind   string // FLAT, SPARSE, ZERO, …, in upper case
	name   string // of the file
	offset int64  // in the file, in bytes
}

// isExtentLine tells extent lines from values, which have a = in place of the size.
func isExtentLine(line string) bool {
	fields := strings.Fields(line)
	switch strings.ToUpper(fields[0]) {
	case "RW", "RDONLY", "NOACCESS":
		return len(fields) == 1 || !strings.HasPrefix(fields[1], "=")
	}
	return false
}

// parseExtentLine reads the line at byte at of the file.
func parseExtentLine(line string, at int64) (extentLine, error) {
	e := extentLine{at: at}
	front, rest, named := strings.Cut(line, `"`)
	fields := strings.Fields(front)
	if len(fields) != 3 {
		return e, damagedf(VMDK, at, "extent line %.60q has %d fields before a name, want access, size and type", line, len(fields))
	}
	e.access, e.kind = strings.ToUpper(fields[0]), strings.ToUpper(fields[2])
	var err error
	if e.size, err = parseSectors(fields[1]); err != nil {
		return e, damagedf(VMDK, at, "extent line: size %.30q is no number of sectors that a disk has", fields[1])
	}
	if !named {
		if e.kind != "ZERO" {
			return e, damagedf(VMDK, at, "extent line %.60q names no file", line)
		}
		return e, nil
	}
	return e, e.parseName(rest)
}

// parseName reads what comes after the quote that opens the name.
func (e *extentLine) parseName(rest string) error {
	name, behind, closed := strings.Cut(rest, `"`)
	if !closed {
		return damagedf(VMDK, e.at, "extent line: the name %.60q has no end", name)
	}
	e.name = name
	fields := strings.Fields(behind)
	if len(fields) == 0 {
		return nil
	}
	var err error
	if e.offset, err = parseSectors(fields[0]); err != nil || len(fields) > 1 {
		return damagedf(VMDK, e.at, "extent line: %.60q after the name is no offset in sectors", behind)
	}
	return nil
}

// parseSectors returns a number of sectors in bytes.
func parseSectors(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err == nil && n > MaxSize/SectorSize {
		err = strconv.ErrRange
	}
	return int64(n * SectorSize), err
}
