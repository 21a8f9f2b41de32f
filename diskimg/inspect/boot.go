package inspect

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"amiforge/diskimg/partition"
)

// A BootMode is the firmware that a disk boots with.
type BootMode string

// The boot modes.
const (
	BootNone        BootMode = "none"
	BootBIOS        BootMode = "bios"
	BootUEFI        BootMode = "uefi"
	BootBIOSAndUEFI BootMode = "bios+uefi"
)

// Boot says how a machine starts from the disk, as far as can be seen without opening a file system.
type Boot struct {
	Mode   BootMode `json:"mode"`
	Loader string   `json:"loader,omitempty"` // in the first sector, if it is known: GRUB
	Reason string   `json:"reason,omitempty"` // why the mode is none
}

const (
	grub = "GRUB"

	// bootCode is the length of the code in the first sector; behind it are the disk's ID and the table.
	bootCode = 440

	bareReason = "bare file system: boots as a paravirtual image, or with --partition and a boot loader"
)

// findBoot fills in Boot. What boots a BIOS is the code in the first sector, with somewhere to go to; what boots
// UEFI is a FAT file system in an EFI system partition.
func (report *Report) findBoot(r io.ReaderAt, size int64) error {
	sector, err := firstSector(r, size)
	if err != nil {
		return err
	}
	var reasons []string
	if hasGRUB(sector) {
		report.Boot.Loader = grub
	}
	bios, reason := report.bootsBIOS(sector)
	reasons = append(reasons, reason)
	uefi, reason := report.bootsUEFI()
	reasons = append(reasons, reason)
	switch {
	case bios && uefi:
		report.Boot.Mode = BootBIOSAndUEFI
	case bios:
		report.Boot.Mode = BootBIOS
	case uefi:
		report.Boot.Mode = BootUEFI
	default:
		report.Boot.Mode, report.Boot.Reason = BootNone, strings.Join(reasons, "; ")
		if report.Table == nil {
			report.Boot.Reason = report.bareReason()
		}
	}
	return nil
}

// firstSector returns the code of a boot sector, or nil if the disk does not begin with one.
func firstSector(r io.ReaderAt, size int64) ([]byte, error) {
	a := newArea(r, 0, min(size, 512))
	if a.err != nil {
		return nil, a.err
	}
	if !a.has(510, "\x55\xaa") {
		return nil, nil
	}
	return a.head[:bootCode], nil
}

// hasGRUB looks for the text that GRUB's boot.img, and before it stage 1, print when they go wrong.
func hasGRUB(code []byte) bool { return bytes.Contains(code, []byte("GRUB ")) }

func (report *Report) bootsBIOS(code []byte) (ok bool, reason string) {
	hasTarget := slices.ContainsFunc(report.Partitions, func(p Partition) bool {
		return p.Bootable || p.Type == partition.TypeBIOSBoot
	})
	switch {
	case len(bytes.Trim(code, "\x00")) == 0:
		return false, "no boot code in the first sector"
	case hasGRUB(code) || report.Table != nil && hasTarget:
		return true, ""
	}
	return false, "boot code in the first sector, but no active partition"
}

func (report *Report) bootsUEFI() (ok bool, reason string) {
	reason = "no EFI system partition"
	for _, p := range report.Partitions {
		if p.Type != partition.TypeESP && p.Type != partition.TypeMBRESP {
			continue
		}
		if p.FileSystem != nil && p.FileSystem.Type == "vfat" {
			return true, ""
		}
		reason = "no FAT file system in the EFI system partition"
	}
	return false, reason
}

// bareReason says why a disk without a partition table does not boot.
func (report *Report) bareReason() string {
	switch {
	case report.FileSystem == nil:
		return "no partition table and no file system that is known"
	case report.FileSystem.Type == "iso9660":
		return "bare ISO 9660: boots from a CD drive only"
	}
	return bareReason
}
