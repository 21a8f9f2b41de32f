package registry

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"amiforge/manifest"
)

// The limits of an image's fields, in characters.
const (
	minName        = 3
	maxName        = 128
	maxDescription = 255
	maxText        = 1024 // of any other field
	ownerDigits    = 12
	maxRegion      = 64
)

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"

	nameCharacters   = lower + upper + digits + "()[] ./-'@_"
	regionCharacters = lower + digits + "-"
	tokenCharacters  = lower + upper + digits + "-_./"

	malformedName = "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, " +
		"'(', ')', '.', '-', '/' and '_'"
)

// CheckName returns InvalidAMIName.Malformed unless name may be an image's. EC2's message does not mention
// the brackets, the space, the apostrophe and the at sign, which are allowed too.
func CheckName(name string) error {
	if len(name) < minName || len(name) > maxName || !consists(name, nameCharacters) {
		return &Error{Code: NameMalformed, Message: malformedName}
	}
	return nil
}

// CheckAccount returns InvalidParameterValue unless account is 12 digits.
func CheckAccount(account string) error {
	if len(account) != ownerDigits || !consists(account, digits) {
		return invalid("ownerId", account, "An account is 12 digits.")
	}
	return nil
}

// CheckRegion returns InvalidParameterValue unless region is a short token of a-z, 0-9 and dashes.
func CheckRegion(region string) error {
	if region == "" || len(region) > maxRegion || !consists(region, regionCharacters) {
		return invalid("region", region, "A region is at most 64 lower-case letters, digits and dashes.")
	}
	return nil
}

// check returns the first rule that an image to be registered breaks.
func (m Image) check() error {
	for _, check := range []func() error{
		func() error { return CheckName(m.Name) },
		func() error { return CheckAccount(m.Owner) },
		func() error { return CheckRegion(m.Region) },
		func() error { return checkText("description", m.Description, maxDescription) },
		m.checkLocation,
		m.checkMachine,
		m.checkSource,
		m.checkDevices,
		m.checkTags,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (m Image) checkLocation() error {
	if m.Location == "" {
		return missing("imageLocation")
	}
	return checkText("imageLocation", m.Location, maxText)
}

func (m Image) checkMachine() error {
	if err := checkOneOf("architecture", m.Architecture, manifest.Architectures()...); err != nil {
		return err
	}
	if err := checkOneOf("virtualizationType", m.VirtualizationType, "hvm", "paravirtual"); err != nil {
		return err
	}
	if err := checkOneOf("imageType", m.Type, "machine", "kernel", "ramdisk"); err != nil {
		return err
	}
	if err := checkOneOf("platform", m.Platform, "", "windows"); err != nil {
		return err
	}
	if err := checkOneOf("bootMode", m.BootMode, "", "legacy-bios", "uefi", "uefi-preferred"); err != nil {
		return err
	}
	if err := checkOneOf("sriovNetSupport", m.SriovNetSupport, "", "simple"); err != nil {
		return err
	}
	if err := checkToken("kernelId", m.KernelID); err != nil {
		return err
	}
	return checkToken("ramdiskId", m.RamdiskID)
}

func (m Image) checkSource() error {
	if m.SourceImageID == "" && m.SourceImageRegion == "" {
		return nil
	}
	if err := CheckID(m.SourceImageID); err != nil {
		return err
	}
	return CheckRegion(m.SourceImageRegion)
}

func checkOneOf(parameter, value string, allowed ...string) error {
	if !slices.Contains(allowed, value) {
		named := slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == "" })
		return invalid(parameter, value, "It is one of "+strings.Join(named, ", ")+".")
	}
	return nil
}

func checkToken(parameter, value string) error {
	if len(value) > maxText || !consists(value, tokenCharacters) {
		return invalid(parameter, value, "It consists of letters, digits and -_./ only.")
	}
	return nil
}

// checkText refuses what would not survive JSON or would garble a terminal.
func checkText(parameter, value string, limit int) error {
	if utf8.RuneCountInString(value) > limit {
		return invalid(parameter, value, fmt.Sprintf("It has at most %d characters.", limit))
	}
	if !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return invalid(parameter, value, "It is UTF-8 without control characters.")
	}
	return nil
}

func consists(s, characters string) bool { return strings.Trim(s, characters) == "" }
