package filesystem

import (
	"io"
	"io/fs"
	"strings"
	"time"

	"amiforge/diskimg"
)

// maxFATDir is how long a directory may be, in bytes. Linux makes none of more than 2 MiB.
const maxFATDir = 16 << 20

// A fatSlot is an entry in a directory. One that is a part of a long name is read as a fatLongSlot.
type fatSlot struct {
	Name        [11]byte // the first one 0 or 0xe5: there is none
	Attributes  uint8
	Lower       uint8 // 8: the name is in lower case; 16: what is behind the dot
	_           [7]byte
	ClusterHigh uint16 // FAT32 only
	Time, Date  uint16
	Cluster     uint16
	Size        uint32
}

const (
	fatLabel = 0x08 // the volume's label, no file
	fatDir   = 0x10
	fatLong  = 0x0f // a part of a long name
)

// A fatRoot is the root directory of FAT12 and FAT16, which has its own place.
type fatRoot struct{ *fat }

func (r *fatRoot) list(add func(*file) error) error {
	return r.readDir([]diskimg.Extent{r.root}, add)
}

func (r *fatRoot) content(int64) (io.ReaderAt, error) { return nil, fs.ErrInvalid }

// A fatFile is another directory, or a file, that begins with a cluster.
type fatFile struct {
	*fat
	first uint32
}

func (d *fatFile) list(add func(*file) error) error {
	if d.first == 0 {
		return nil // empty
	}
	most := maxFATDir / d.clusterSize
	chain := d.chain(d.first)
	if err := chain.follow(most + 1); err != nil {
		return err
	}
	if chain.n > most {
		return unsupportedf("a directory of more than %d bytes", maxFATDir)
	}
	return d.readDir(chain.place.list, add)
}

func (d *fatFile) content(size int64) (io.ReaderAt, error) {
	return &fatContent{size: size, chain: d.chain(d.first)}, nil
}

// readDir lists the directory that lies at place. As in Linux, what is free does not end it.
func (f *fat) readDir(place []diskimg.Extent, add func(*file) error) error {
	all, err := f.dirs.whole(place...)
	if err != nil {
		return err
	}
	var long longName
	for ; len(all) >= fatSlotSize; all = all[fatSlotSize:] {
		var s fatSlot
		decode(all, &s)
		switch {
		case s.Name[0] == 0 || s.Name[0] == 0xe5:
			long = longName{}
		case s.Attributes == fatLong:
			long.add(all)
		default:
			if file := f.file(&s, &long); file != nil {
				if err := add(file); err != nil {
					return err
				}
			}
			long = longName{}
		}
	}
	return nil
}

// file returns what s is the entry of, nil if that is no file.
func (f *fat) file(s *fatSlot, long *longName) *file {
	dots := string(s.Name[:])
	if s.Attributes&fatLabel != 0 || dots == ".          " || dots == "..         " {
		return nil
	}
	first := uint32(s.Cluster)
	if f.bits == 32 {
		first |= uint32(s.ClusterHigh) << 16
	}
	to := &file{size: int64(s.Size), mode: 0o644, modTime: fatTime(s.Date, s.Time), id: int64(first), entry: &fatFile{f, first}}
	if s.Attributes&fatDir != 0 {
		to.size, to.mode = 0, fs.ModeDir|0o755
	}
	if to.name = long.of(s); to.name == "" {
		to.name = s.short()
	}
	return to
}

// short returns the name of 8 and 3 characters.
func (s *fatSlot) short() string {
	raw := s.Name
	if raw[0] == 0x05 {
		raw[0] = 0xe5
	}
	name, extension := strings.TrimRight(decodeDOS(raw[:8]), " "), strings.TrimRight(decodeDOS(raw[8:]), " ")
	if s.Lower&8 != 0 {
		name = strings.ToLower(name)
	}
	if s.Lower&16 != 0 {
		extension = strings.ToLower(extension)
	}
	if extension == "" {
		return name
	}
	return name + "." + extension
}

// decodeDOS decodes code page 437, which Linux takes where nothing is said.
func decodeDOS(b []byte) string {
	const high = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0"
	runes := []rune(high)
	var s strings.Builder
	for _, c := range b {
		if c < 0x80 {
			s.WriteByte(c)
		} else {
			s.WriteRune(runes[c-0x80])
		}
	}
	return s.String()
}

func fatTime(date, clock uint16) time.Time {
	return time.Date(1980+int(date>>9), time.Month(date>>5&15), int(date&31), int(clock>>11), int(clock>>5&63), int(clock&31)*2, 0, time.UTC)
}
