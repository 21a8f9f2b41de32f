package filesystem

import "io/fs"

// unixMode is the mode of Unix in io/fs's bits.
func unixMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	for bit, is := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if mode&bit != 0 {
			m |= is
		}
	}
	switch mode >> 12 & 0xf {
	case 1:
		m |= fs.ModeNamedPipe
	case 2:
		m |= fs.ModeDevice | fs.ModeCharDevice
	case 4:
		m |= fs.ModeDir
	case 6:
		m |= fs.ModeDevice
	case 8:
	case 0xa:
		m |= fs.ModeSymlink
	case 0xc:
		m |= fs.ModeSocket
	default:
		m |= fs.ModeIrregular
	}
	return m
}
