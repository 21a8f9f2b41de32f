package diskimg

import "bytes"

// A foreign format is one that is known by its mark and not read.
type foreign struct {
	offset int
	magic  string
	name   string
	advice string
}

const convert = "qemu-img convert -O raw makes it readable"

// foreignFormats returns what a file may be that is not a disk image of ours. A disk begins with boot code or
// zeros, never with any of these.
func foreignFormats() []foreign {
	return []foreign{
		{0, "QFI\xfb", "qcow2", convert},
		{0, "QED\x00", "QED", convert},
		{0, "vhdxfile", "VHDX", convert},
		{64, "\x7f\x10\xda\xbe", "VDI", convert},
		{0, "WithoutFreeSpace", "Parallels HDD", convert},
		{0, "WithouFreSpacExt", "Parallels HDD", convert},
		{0, "COWD", "VMDK of subformat vmfsSparse (COWD)", convert},
		{0, "SparseExtent", "VMDK of subformat seSparse", convert},
		{0, "\xbe\xba\xfe\xca", "VMDK of subformat seSparse", convert},
		{0, "\x1f\x8b\x08", "a gzip file", "gunzip it first"},
		{0, "\xfd7zXZ\x00", "an xz file", "unxz it first"},
		{0, "\x28\xb5\x2f\xfd", "a zstd file", "unzstd it first"},
		{0, "BZh", "a bzip2 file", "bunzip2 it first"},
		{0, "PK\x03\x04", "a zip file", "unzip it first"},
		{257, "ustar", "a tar archive", "of an OVA file tar -xf takes the disk out, of a root file system ami-bundle --volume makes one"},
		{0, "<?xml", "an XML document", "a bundle's manifest is named *.manifest.xml"},
	}
}

// detectForeign returns the error that names the format if head begins a file of one.
func detectForeign(head []byte) error {
	for _, f := range foreignFormats() {
		if len(head) >= f.offset && bytes.HasPrefix(head[f.offset:], []byte(f.magic)) {
			err := unsupportedf("this is %s, which amiforge does not read; %s", f.name, f.advice)
			if f.advice != convert {
				err = notDisk{err}
			}
			return err
		}
	}
	return nil
}

// notDisk is an error about a file that is not a disk image at all; it is ErrNotDisk without saying so.
type notDisk struct{ error }

func (n notDisk) Is(target error) bool { return target == ErrNotDisk }
func (n notDisk) Unwrap() error        { return n.error }
