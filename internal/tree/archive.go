package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/klauspost/compress/zstd"

	"amiforge/diskimg/ext4"
	"amiforge/internal/compressed"
)

// ArchiveOptions say how OpenArchive reads. Nil means the defaults.
type ArchiveOptions struct {
	// Warn is told of what in the archive is not understood and left out. It is called in Next. Nil ignores it.
	Warn func(message string)
}

// OpenArchive reads the tar archive r, that errors call name: plain or compressed with gzip, zstd, xz or bzip2, which
// its first bytes tell, not its name. It takes the formats of old Unix, POSIX (ustar and pax), GNU and star, with sparse
// files, extended attributes and access control lists. Leading slashes and "./" are cut off the names.
//
// The archive is not trusted: a name with "..", one below what is not a directory, a name of both a file and a directory,
// and a hard link to what was not given are errors; so is an archive without its end, io.ErrUnexpectedEOF, one of no files,
// what is no archive, as a NotTarError, and an image of a container. How much it has is for the caller to bound, by Size.
// What is compressed is decompressed ahead, by a goroutine; memory is bounded by what the window of the compression takes, a
// few MiB and the names: 128 MiB for zstd, and for xz what its header says, up to 256 MiB.
//
// Where ctx ends while r, such as a pipe, is waited for, that one Read of r is left behind.
func OpenArchive(ctx context.Context, r io.Reader, name string, opts *ArchiveOptions) (Source, error) {
	a := &archive{name: name, warn: func(string) {}, given: map[string]fs.FileMode{}}
	if opts != nil && opts.Warn != nil {
		a.warn = opts.Warn
	}
	a.ctx, a.cancel = context.WithCancel(ctx)
	plain, err := decompress(a.ctx, interruptible(a.ctx, r))
	if err != nil {
		err = a.failed(err)
		a.cancel()
		return nil, err
	}
	a.plain, a.tar = plain, newTarReader(plain, a.failed)
	if err := a.tar.probe(); err != nil {
		err = a.failed(err)
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// An archive gives the members of a tar archive.
type archive struct {
	ctx    context.Context
	cancel context.CancelFunc
	name   string
	warn   func(string)
	plain  io.ReadCloser
	tar    *tarReader
	given  map[string]fs.FileMode // the types of what was given
	err    error                  // what Next ended with

	whiteouts int    // how many were given
	whiteout  string // the first of them
}

func (a *archive) Next() (*Item, error) {
	for a.err == nil {
		if a.ctx.Err() != nil {
			a.err = context.Cause(a.ctx)
			break
		}
		item, err := a.next()
		if item != nil {
			return item, nil
		}
		a.err = err
	}
	return nil, a.err
}

// next returns the next item, neither item nor error where a member is none, and the error that ends the archive.
func (a *archive) next() (*Item, error) {
	m, s, err := a.tar.next()
	if err == io.EOF {
		return nil, a.finish()
	}
	if err != nil {
		return nil, a.failed(err)
	}
	item, err := a.item(m, s)
	if err != nil {
		return nil, a.failed(err)
	}
	return item, nil
}

func (a *archive) failed(err error) error {
	if a.ctx.Err() != nil {
		return context.Cause(a.ctx)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: the archive is cut off: %w", a.name, err)
	}
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		return fmt.Errorf("%s: the zstd file needs a window of more than %d MiB: decompress it first, with zstd -d --long=31", a.name, maxMemory/2>>20)
	}
	return fmt.Errorf("%s: %w", a.name, err)
}

// maxTrailer bounds what follows the end of an archive, in bytes: more is an attack.
const maxTrailer = 1 << 30

// finish reads to the end of the file, so that the checksums of the compression are compared.
func (a *archive) finish() error {
	if len(a.given) == 0 {
		return a.failed(errors.New("the archive has no files"))
	}
	if a.isContainerImage() {
		return a.failed(errContainerImage)
	}
	a.warnOfWhiteouts()
	var trailer nonZero
	n, err := io.CopyN(&trailer, a.tar.r, maxTrailer)
	if err == nil && n == maxTrailer {
		err = errors.New("more than 1 GiB follows the end of the archive")
	}
	if err != io.EOF && !compressed.IsTrailing(err) {
		return a.failed(err)
	}
	if trailer {
		a.warn(a.name + ": what follows the end of the archive is ignored")
	}
	return io.EOF
}

// A nonZero tells whether something else than zeros was written to it.
type nonZero bool

func (z *nonZero) Write(p []byte) (int, error) {
	for i := 0; i < len(p) && !bool(*z); i++ {
		*z = p[i] != 0
	}
	return len(p), nil
}

func (a *archive) item(m *tarMember, s *sparseMap) (*Item, error) {
	name, err := cleanName(m.name)
	if err != nil {
		return nil, err
	}
	item := &Item{Entry: ext4.Entry{
		Name: name, Mode: m.mode, UID: m.uid, GID: m.gid,
		ModTime: m.mtime, AccessTime: m.atime, ChangeTime: m.ctime, BirthTime: m.birth,
	}}
	switch m.kind {
	case '0', 0, '7', 'S':
		err = a.regular(item, m, s)
	case '1':
		err = a.hardLink(item, m)
	case '2':
		item.Mode = fs.ModeSymlink | 0o777 // as on Linux, whatever the archive says
		item.Link = m.link
	case '3':
		item.Mode |= fs.ModeDevice | fs.ModeCharDevice
		item.Major, item.Minor = m.major, m.minor
	case '4':
		item.Mode |= fs.ModeDevice
		item.Major, item.Minor = m.major, m.minor
	case '5', 'D':
		item.Mode |= fs.ModeDir
	case '6':
		item.Mode |= fs.ModeNamedPipe
	case 'M':
		err = fmt.Errorf("%s goes on from another volume of the archive", name)
	default:
		err = fmt.Errorf("%s is of kind %q, which is not known", name, m.kind)
	}
	if err == nil {
		err = a.note(item)
	}
	if err != nil {
		return nil, err
	}
	if item.HardLink == "" {
		a.attributes(item, m)
	}
	return item, nil
}

func (a *archive) regular(item *Item, m *tarMember, s *sparseMap) error {
	if strings.HasSuffix(m.name, "/") && m.stored == 0 { // a directory of old Unix
		item.Mode |= fs.ModeDir
		return nil
	}
	item.Size = m.stored
	item.Content = a.tar
	if s != nil {
		item.Size = s.size
		item.Content = &tarSparse{t: a.tar, extents: s.extents}
	}
	return nil
}

func (a *archive) hardLink(item *Item, m *tarMember) error {
	target, err := cleanName(m.link)
	if err != nil {
		return fmt.Errorf("%s: hard link: %w", item.Name, err)
	}
	mode, ok := a.given[target]
	switch {
	case !ok:
		return fmt.Errorf("%s is another name of %s, which the archive does not have before it", item.Name, target)
	case mode.IsDir():
		return fmt.Errorf("%s is another name of %s, which is a directory", item.Name, target)
	}
	if item.Name == target {
		return fmt.Errorf("%s is another name of itself", target)
	}
	item.HardLink = target
	item.Mode |= mode
	return nil
}

// note checks that the item has a place in the tree: that what it is in is a directory, as far as it was given. What was
// given may be given again, as tar -r does.
func (a *archive) note(item *Item) error {
	mode, again := a.given[item.Name]
	switch isDir := item.Mode.IsDir(); {
	case item.Name == "." && !isDir:
		return errors.New("the root of the archive is not a directory")
	case again && isDir != mode.IsDir():
		return fmt.Errorf("%s is in the archive twice, as a directory and as a file", item.Name)
	}
	for dir := item.Name; ; {
		i := strings.LastIndexByte(dir, '/')
		if i < 0 {
			break
		}
		dir = dir[:i]
		mode, ok := a.given[dir]
		if ok && !mode.IsDir() {
			return fmt.Errorf("%s is below %s, which is not a directory", item.Name, dir)
		}
		if ok {
			break
		}
		a.given[dir] = fs.ModeDir
	}
	a.given[item.Name] = item.Mode.Type()
	a.noteWhiteout(item.Name)
	return nil
}

// cleanName makes the name of an item of that of a member.
func cleanName(name string) (string, error) {
	if isClean(name) {
		return name, nil
	}
	if name == "" {
		return "", errors.New("a file has no name")
	}
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "", ".":
		case "..":
			return "", fmt.Errorf("%.200q has .. in it", name)
		default:
			parts = append(parts, part)
		}
	}
	if strings.IndexByte(name, 0) >= 0 {
		return "", fmt.Errorf("%.200q has a zero byte", name)
	}
	if len(parts) == 0 {
		return ".", nil
	}
	return strings.Join(parts, "/"), nil
}

// isClean is true of most names that are as they should be.
func isClean(name string) bool {
	return name != "" && name[0] != '/' && name[0] != '.' && name[len(name)-1] != '/' &&
		!strings.Contains(name, "//") && !strings.Contains(name, "/.") && strings.IndexByte(name, 0) < 0
}

// attributes sets the extended attributes of the member, access control lists among them.
func (a *archive) attributes(item *Item, m *tarMember) {
	if m.records == nil {
		return
	}
	item.Xattrs = m.records.attributes()
	for _, attribute := range [...]string{aclAccess, aclDefault} {
		key := "SCHILY.acl." + strings.TrimPrefix(attribute, "system.posix_acl_")
		text, ok := m.records.values[key]
		if _, binary := m.records.xattrs[attribute]; !ok || binary || item.Mode.Type() == fs.ModeSymlink {
			continue
		}
		list, unnumbered, err := parseACL(text)
		if err != nil {
			a.warn(fmt.Sprintf("%s: %s: %v: left out", a.name, item.Name, err))
			continue
		}
		for _, entry := range unnumbered {
			a.warn(fmt.Sprintf("%s: %s: %q has no number for the name, as tar --numeric-owner writes it: left out", a.name, item.Name, entry))
		}
		if attribute == aclAccess {
			item.Mode = item.Mode&^0o777 | list.permissions()
		}
		if attribute == aclDefault || !list.isMinimal() {
			item.Xattrs = append(item.Xattrs, ext4.Xattr{Name: attribute, Value: list.value()})
		}
	}
	sortXattrs(item.Xattrs)
}

// Close ends the decompression.
func (a *archive) Close() error {
	a.cancel()
	if a.err == nil {
		a.err = fs.ErrClosed
	}
	return a.plain.Close()
}
