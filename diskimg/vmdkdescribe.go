package diskimg

import (
	"encoding/binary"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxVMDKName is how much of a file's name goes into a descriptor, in bytes. All up to the extent line stays
// within 512 bytes then.
const maxVMDKName = 255

// vmdkDescriptorText is the descriptor [Virtual Disk Format 5.0, "The Descriptor File"] that an image carries.
// VirtualBox wants exactly this first line; govmomi reads no more than 512 bytes, so that the extent comes early.
// The adapter lsilogic, with the geometry that VMware gives its disks, and hardware version 4 are what every
// importer takes; the OVF around the disk says what the machine really has. The toolsVersion and the
// toolsInstallType are those of unknown tools that the guest looks after.
const vmdkDescriptorText = `# Disk DescriptorFile
version=1
encoding="UTF-8"
CID=%08x
parentCID=ffffffff
createType="%s"

# Extent description
RW %d SPARSE "%s"

# The Disk Data Base
#DDB

ddb.adapterType = "lsilogic"
ddb.geometry.cylinders = "%d"
ddb.geometry.heads = "255"
ddb.geometry.sectors = "63"
ddb.longContentID = "%x%08x"
ddb.toolsInstallType = "4"
ddb.toolsVersion = "2147483647"
ddb.uuid = "%s"
ddb.virtualHWVersion = "4"
`

// describeVMDK returns the descriptor of a disk of size bytes. The content ID and the UUID come from o.Rand.
func describeVMDK(size int64, o *CreateOptions) (string, error) {
	random := make([]byte, 4+12+16)
	if _, err := io.ReadFull(o.Rand, random); err != nil {
		return "", fmt.Errorf("create vmdk: random bytes: %w", err)
	}
	cid := contentID(binary.LittleEndian.Uint32(random))
	sectors := size / SectorSize
	return fmt.Sprintf(vmdkDescriptorText, cid, o.Subformat, sectors, extentName(o.Name), cylinders(sectors),
		random[4:16], cid, vmwareUUID(random[16:])), nil
}

// contentID makes an ID of a random number. The two highest numbers have a meaning: no parent, and a disk that
// was never written.
func contentID(random uint32) uint32 { return random % 0xfffffffe }

// vmwareUUID makes a UUID of 16 random bytes, with the mark of VMware's own disks and in their spelling.
func vmwareUUID(random []byte) string {
	return fmt.Sprintf("60 00 C2 9%x % x-% x", random[3]&0x0f, random[4:8], random[8:16])
}

// cylinders returns how many cylinders of 255 heads and 63 sectors hold the disk, at least 1 and at most 65535.
func cylinders(sectors int64) int64 {
	return min(max((sectors+255*63-1)/(255*63), 1), 65535)
}

// extentName returns the file's own name as it can stand in a descriptor: what is before the last slash is cut
// off, and every character that would end the quotes or the line, or that programs take for a folder, becomes
// an underscore. A name that is too long is cut: programs that read embedded descriptors hardly look at it.
func extentName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || r == '/' || r == utf8.RuneError || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, path.Base(name))
	for len(name) > maxVMDKName {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	if name == "." || name == ".." || name == "_" {
		return "disk.vmdk"
	}
	return name
}
