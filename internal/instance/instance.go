// Package instance asks the machine that it runs on what it was started from, if that is an instance of EC2 or of a
// cloud like it: the instance metadata service, in version 2.
package instance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"amiforge/manifest"
)

// Metadata is what a bundle of the instance's volume takes over.
type Metadata struct {
	Ancestry     []string // IDs of the AMIs that its AMI was made from, and its own, the last one
	KernelID     string   // "" if there is none
	RamdiskID    string
	ProductCodes []string
	BlockDevices []manifest.BlockDevice // sorted by Virtual

	Dropped []string // mappings that no other instance can have, each with the reason
}

// patience is how long the service may take for all that is asked.
const patience = 5 * time.Second

// ErrUnreachable says that no metadata service answers: this is no such instance, or its service is switched off.
var ErrUnreachable = errors.New("no instance metadata service answers")

// Fetch asks the service, at AWS_EC2_METADATA_SERVICE_ENDPOINT or where EC2 has it. It takes five seconds at most.
func Fetch(ctx context.Context) (*Metadata, error) {
	c := newClient()
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m, err := c.metadata(asking)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, fmt.Errorf("instance metadata: %w", err)
	}
	return m, nil
}

func (c client) metadata(ctx context.Context) (*Metadata, error) {
	m := &Metadata{}
	var err error
	if m.Ancestry, err = c.ids(ctx, "ancestor-ami-ids"); err != nil {
		return nil, err
	}
	image, err := c.id(ctx, "ami-id")
	if err != nil {
		return nil, err
	}
	if image != "" {
		m.Ancestry = append(m.Ancestry, image)
	}
	if m.KernelID, err = c.id(ctx, "kernel-id"); err != nil {
		return nil, err
	}
	if m.RamdiskID, err = c.id(ctx, "ramdisk-id"); err != nil {
		return nil, err
	}
	if m.ProductCodes, err = c.lines(ctx, "product-codes"); err != nil {
		return nil, err
	}
	return m, c.mappings(ctx, m)
}

// mappings asks for the block devices. Volumes (ebs1) are attached to this instance, and are no part of its image.
func (c client) mappings(ctx context.Context, m *Metadata) error {
	names, err := c.lines(ctx, "block-device-mapping/")
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, virtual := range slices.Compact(names) {
		if why := checkVirtual(virtual); why != "" {
			m.Dropped = append(m.Dropped, fmt.Sprintf("%q: %s", virtual, why))
			continue
		}
		device, err := c.text(ctx, "block-device-mapping/"+virtual)
		if err != nil {
			return err
		}
		if !isDevice(device) {
			m.Dropped = append(m.Dropped, fmt.Sprintf("%s=%.60q: that is no name of a device", virtual, device))
			continue
		}
		m.BlockDevices = append(m.BlockDevices, manifest.BlockDevice{Virtual: virtual, Device: device})
	}
	return nil
}

// checkVirtual says why an image cannot have the mapping of that name, if so.
func checkVirtual(name string) string {
	number, isEphemeral := strings.CutPrefix(name, "ephemeral")
	switch {
	case name == "ami", name == "root", name == "swap", isEphemeral && isNumber(number):
		return ""
	case strings.HasPrefix(name, "ebs"):
		return "a volume of this instance, not of its image"
	}
	return "not one of ami, root, swap and ephemeral0 to 99"
}

// isNumber tells whether s is of one or two digits.
func isNumber(s string) bool {
	return s != "" && len(s) <= 2 && strings.Trim(s, "0123456789") == ""
}

// isDevice tells whether s is a disk's name as EC2 takes it: one letter for the disk, then the partition's number.
// (What Linux makes of it, such as xvdal, may be another one, which EC2 refuses.)
func isDevice(s string) bool {
	s = strings.TrimPrefix(s, "/dev/")
	for _, kind := range []string{"sd", "hd", "xvd"} {
		rest, ok := strings.CutPrefix(s, kind)
		if ok && rest != "" && rest[0] >= 'a' && rest[0] <= 'z' {
			return len(rest) == 1 || isNumber(rest[1:])
		}
	}
	return false
}
