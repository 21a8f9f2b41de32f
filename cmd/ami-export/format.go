package main

import (
	"fmt"
	"strings"

	"amiforge/diskimg"
	"amiforge/internal/cli"
	"amiforge/internal/export"
)

// A choice is what kind of image is written.
type choice struct {
	format    diskimg.Format
	subformat diskimg.Subformat // empty for raw
	align     int64             // of the virtual size, in bytes
	preset    *export.Preset    // if there is one
}

func (c choice) String() string {
	if c.subformat == "" {
		return string(c.format)
	}
	return fmt.Sprintf("%s (%s)", c.format, c.subformat)
}

// choose makes of --for, -f, --subformat, --align and OUTPUT's suffix what is written, and says what it picked
// where the user may not expect it.
func (o *options) choose(e *cli.Env) (choice, error) {
	c := choice{align: o.align}
	err := o.refuseForeign()
	if err != nil {
		return c, err
	}
	if c.format, err = o.chooseFormat(); err != nil {
		return c, err
	}
	if o.preset != "" {
		return o.choosePreset(e, c.format)
	}
	if c.format == "" {
		return c, cli.Usagef("which format? add -f raw, -f vhd or -f vmdk")
	}
	if c.subformat, err = o.chooseSubformat(c.format); err != nil {
		return c, err
	}
	if err := o.checkOutput(c.format, "-f is the format of the output"); err != nil {
		return c, err
	}
	return c, o.checkChoice(&c)
}

// chooseFormat returns what -f says, else what OUTPUT does: a device takes raw, else its suffix tells; else nothing.
func (o *options) chooseFormat() (diskimg.Format, error) {
	switch f := diskimg.Format(strings.ToLower(o.format)); f {
	case "":
		switch {
		case o.preset != "":
			return "", nil
		case cli.IsBlockDevice(o.output):
			return diskimg.RAW, nil
		}
		return suffixFormat(o.output), nil
	case diskimg.RAW, diskimg.VHD, diskimg.VMDK:
		return f, nil
	case "vpc":
		return "", cli.Usagef("-f vpc: write -f vhd")
	default:
		if err := notWritten(string(f)); err != nil {
			return "", err
		}
		return "", cli.Usagef("-f %q: want raw, vhd or vmdk", o.format)
	}
}

// subformats returns the subformats of a format that are written, the default first.
func subformats(f diskimg.Format) []diskimg.Subformat {
	switch f {
	case diskimg.VHD:
		return []diskimg.Subformat{diskimg.Dynamic, diskimg.Fixed}
	case diskimg.VMDK:
		return []diskimg.Subformat{diskimg.StreamOptimized, diskimg.MonolithicSparse}
	}
	return nil
}

func (o *options) chooseSubformat(f diskimg.Format) (diskimg.Subformat, error) {
	list := subformats(f)
	switch {
	case len(list) == 0 && o.subformat == "":
		return "", nil
	case len(list) == 0:
		return "", cli.Usagef("--subformat %s: %s has no subformats", o.subformat, f)
	case o.subformat == "":
		return list[0], nil
	}
	for _, s := range list {
		if strings.EqualFold(o.subformat, string(s)) {
			return s, nil
		}
	}
	return "", cli.Usagef("--subformat %q: %s has %s and %s", o.subformat, f, list[0], list[1])
}

// choosePreset takes what --for wants; f is what -f says, if anything.
func (o *options) choosePreset(e *cli.Env, f diskimg.Format) (choice, error) {
	p, err := export.FindPreset(o.preset)
	if err != nil {
		return choice{}, cli.Usagef("--for %w", err)
	}
	c := choice{p.Format, p.Subformat, p.Align, &p}
	switch {
	case f != "" && f != p.Format:
		return c, cli.Usagef("--for %s wants %s, not -f %s: leave out one of the two", p.Name, c, f)
	case o.subformat != "" && !strings.EqualFold(o.subformat, string(p.Subformat)):
		return c, cli.Usagef("--for %s wants %s, not --subformat %s: leave out one of the two", p.Name, c, o.subformat)
	case o.align > 0 && p.Align > 0 && o.align%p.Align != 0:
		return c, cli.Usagef("--for %s wants --align %s or a multiple of it", p.Name, cli.FormatSize(p.Align))
	case o.align > 0:
		c.align = o.align
	}
	if err := o.checkOutput(c.format, "--for "+p.Name+" writes that"); err != nil {
		return c, err
	}
	aligned := ""
	if p.Align > 0 {
		aligned = ", aligned to " + cli.FormatSize(c.align)
	}
	e.Notef("for %s: %s%s, since %s", p.Name, c, aligned, p.Why)
	return c, o.checkChoice(&c)
}

// checkChoice holds the other flags against the format, and takes care that VHD and VMDK have whole sectors.
func (o *options) checkChoice(c *choice) error {
	if o.level != diskimg.DefaultLevel && c.subformat != diskimg.StreamOptimized {
		return cli.Usagef("--compression-level is for vmdk (streamOptimized): %s is not compressed", c)
	}
	switch {
	case c.format == diskimg.RAW:
	case c.align == 0:
		c.align = diskimg.SectorSize
	case c.align%diskimg.SectorSize != 0:
		return cli.Usagef("--align %s: %s has sectors of %d bytes, want a multiple of that", cli.FormatSize(c.align), c.format, diskimg.SectorSize)
	}
	return nil
}
