package main

import (
	"path"
	"strings"

	"amiforge/diskimg"
	"amiforge/internal/cli"
)

// suffixFormat returns the format that a name promises, or nothing.
func suffixFormat(name string) diskimg.Format {
	switch strings.ToLower(path.Ext(name)) {
	case ".raw", ".img":
		return diskimg.RAW
	case ".vhd":
		return diskimg.VHD
	case ".vmdk":
		return diskimg.VMDK
	}
	return ""
}

// refuseForeign is a usage error where OUTPUT's suffix is that of a format that is not written.
func (o *options) refuseForeign() error {
	return notWritten(strings.ToLower(strings.TrimPrefix(path.Ext(o.output), ".")))
}

// notWritten is a usage error where name is that of a format that others write.
func notWritten(name string) error {
	switch name {
	case "qcow", "qcow2", "qed", "vdi", "vhdx":
		return cli.Usagef("%s is not written; write raw and let qemu-img convert it", name)
	}
	return nil
}

// checkOutput is a usage error where OUTPUT does not take an image of format f, or its name would be a lie: those who
// write -f for the format of the source are to learn of it. why says where f comes from.
func (o *options) checkOutput(f diskimg.Format, why string) error {
	if cli.IsBlockDevice(o.output) {
		if f != diskimg.RAW {
			return cli.Usagef("%s is a block device, which takes raw, not %s", o.output, f)
		}
		return nil
	}
	if promised := suffixFormat(o.output); promised != "" && promised != f {
		return cli.Usagef("%s would be a %s file: %s; leave it out, or name the output otherwise", o.output, f, why)
	}
	return nil
}
