package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"amiforge/internal/cli"
	"amiforge/internal/registry"
)

// parseMapping reads DEVICE=WHAT, where WHAT is a virtual device or an EBS volume as users of ec2-register write it.
func parseMapping(text string) (registry.BlockDevice, error) {
	device, what, ok := strings.Cut(text, "=")
	if !ok || device == "" || what == "" {
		return registry.BlockDevice{}, cli.Usagef("-B %q: want DEVICE=WHAT, such as /dev/sdb=ephemeral0 or /dev/sdc=:80", text)
	}
	if !strings.Contains(what, ":") && !strings.HasPrefix(what, "snap-") {
		return registry.BlockDevice{DeviceName: device, VirtualName: what}, nil
	}
	volume, err := parseVolume(what)
	if err != nil {
		return registry.BlockDevice{}, cli.Usagef("-B %q: %w", text, err)
	}
	return registry.BlockDevice{DeviceName: device, EBS: volume}, nil
}

// parseVolume reads [SNAPSHOT]:[GIB]:[DELETE]:[TYPE]:[encrypted]. What is left out at the end may be.
func parseVolume(text string) (*registry.EBS, error) {
	fields := strings.Split(text, ":")
	if len(fields) > 5 {
		return nil, errors.New("a volume is [SNAPSHOT]:[GIB]:[DELETE]:[TYPE]:[encrypted]")
	}
	fields = slices.Concat(fields, make([]string, 5-len(fields)))
	volume := &registry.EBS{SnapshotID: fields[0], VolumeType: fields[3], DeleteOnTermination: true}
	var err error
	if fields[1] != "" {
		if volume.VolumeSize, err = strconv.ParseInt(fields[1], 10, 64); err != nil {
			return nil, fmt.Errorf("the size %q is not a number of GiB", fields[1])
		}
	}
	switch fields[2] {
	case "", "true":
	case "false":
		volume.DeleteOnTermination = false
	default:
		return nil, fmt.Errorf("delete on termination is true or false, not %q", fields[2])
	}
	switch fields[4] {
	case "":
	case "encrypted":
		volume.Encrypted = true
	default:
		return nil, fmt.Errorf("%q is not \"encrypted\"", fields[4])
	}
	return volume, nil
}
