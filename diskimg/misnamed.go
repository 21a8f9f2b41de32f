package diskimg

import (
	"errors"
	"path/filepath"
	"strings"
)

// ErrMisnamed is in the chain of the errors, also ErrDamaged, that say that a file has the name of a VHD or VMDK,
// and nothing else of it. OpenOptions.Format takes it as RAW.
var ErrMisnamed = errors.New("disk image has the name of another format")

// checkName refuses to take for RAW what is called VHD or VMDK. It may be an image that has lost what it is known
// by, as a fixed VHD does that is cut short: then the disk would be wrong, and nobody told. Only the user knows.
func checkName(path string) error {
	switch namedFormat(path) {
	case VHD:
		return &Error{VHD, -1, misnamed{errors.New("no footer: the file is called VHD, and is cut short, damaged or raw")}}
	case VMDK:
		return &Error{VMDK, -1, misnamed{errors.New("no header: the file is called VMDK, and is damaged or raw")}}
	default:
		return nil
	}
}

// namedFormat returns the format that a name promises, RAW if none. The files of flat VMDKs are raw, and called
// disk-flat.vmdk, disk-f001.vmdk or, where a partition table is all that they have, disk-pt.vmdk.
func namedFormat(path string) Format {
	base := strings.ToLower(filepath.Base(path))
	if strings.HasSuffix(base, ".vhd") {
		return VHD
	}
	stem, isVMDK := strings.CutSuffix(base, ".vmdk")
	stem = strings.TrimRight(stem, "0123456789")
	if isVMDK && !strings.HasSuffix(stem, "-flat") && !strings.HasSuffix(stem, "-f") && !strings.HasSuffix(stem, "-pt") {
		return VMDK
	}
	return RAW
}

// misnamed is an error about a file's name; it is ErrMisnamed and ErrDamaged without saying so.
type misnamed struct{ error }

func (m misnamed) Is(target error) bool { return target == ErrMisnamed || target == ErrDamaged }
