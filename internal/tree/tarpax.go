package tree

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"amiforge/diskimg/ext4"
)

// paxRecords are the extended headers of a member [POSIX pax, "pax Extended Header"].
type paxRecords struct {
	values map[string]string
	xattrs map[string]string
	sparse []string // the values of GNU.sparse.offset and GNU.sparse.numbytes, which come again and again (PAX 0.0)
}

// parsePax reads records, "%d key=value\n" each, on top of those of base.
func parsePax(p []byte, base *paxRecords) (*paxRecords, error) {
	r := &paxRecords{values: map[string]string{}, xattrs: map[string]string{}}
	if base != nil {
		for k, v := range base.values {
			r.values[k] = v
		}
		for k, v := range base.xattrs {
			r.xattrs[k] = v
		}
	}
	for len(p) > 0 {
		digits, _, ok := bytes.Cut(p, []byte{' '})
		n, err := strconv.ParseUint(string(digits), 10, 31)
		if !ok || err != nil || int(n) > len(p) || int(n) < len(digits)+3 || p[n-1] != '\n' {
			return nil, fmt.Errorf("a record of its extended header has no length: %.20q", p)
		}
		key, value, ok := strings.Cut(string(p[len(digits)+1:n-1]), "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("a record of its extended header has no value: %.20q", p)
		}
		if err := r.set(key, value); err != nil {
			return nil, err
		}
		p = p[n:]
	}
	return r, nil
}

// The prefixes of extended attributes: as star and GNU tar have them, and as libarchive does.
const (
	schilyXattr     = "SCHILY.xattr."
	libarchiveXattr = "LIBARCHIVE.xattr."
)

func (r *paxRecords) set(key, value string) error {
	switch {
	case strings.HasPrefix(key, schilyXattr):
		// GNU tar writes what a key cannot have, and so %, as URLs do.
		name := strings.NewReplacer("%3D", "=", "%25", "%").Replace(key[len(schilyXattr):])
		r.xattrs[name] = value
	case strings.HasPrefix(key, libarchiveXattr):
		name, err := url.PathUnescape(key[len(libarchiveXattr):])
		if err != nil {
			return fmt.Errorf("%.50q: %w", key, err)
		}
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "="))
		if err != nil {
			return fmt.Errorf("%.50s: %w", key, err)
		}
		r.xattrs[name] = string(raw)
	case key == "RHT.security.selinux": // without the NUL that the kernel has
		r.xattrs["security.selinux"] = strings.TrimSuffix(value, "\x00") + "\x00"
	case key == "GNU.sparse.offset" || key == "GNU.sparse.numbytes":
		if even := len(r.sparse)%2 == 0; even != (key == "GNU.sparse.offset") {
			return fmt.Errorf("its sparse map is out of order at %s", key)
		}
		r.sparse = append(r.sparse, value)
	case value == "":
		delete(r.values, key) // so says POSIX
	default:
		r.values[key] = value
	}
	return nil
}

// apply puts what the records say in the place of what the header says.
func (r *paxRecords) apply(m *tarMember) error {
	m.records = r
	if name, ok := r.values["path"]; ok {
		m.name = name
	}
	if name, ok := r.values["GNU.sparse.name"]; ok {
		m.name = name
	}
	if link, ok := r.values["linkpath"]; ok {
		m.link = link
	}
	if err := r.applyNumbers(m); err != nil {
		return err
	}
	if err := r.applyTimes(m); err != nil {
		return err
	}
	if value, ok := r.values["size"]; ok {
		n, err := paxNumber(value)
		if err != nil {
			return fmt.Errorf("%s: size: %w", m.name, err)
		}
		m.stored = n
	}
	return nil
}

func (r *paxRecords) applyNumbers(m *tarMember) error {
	for _, field := range [...]struct {
		key string
		to  *uint32
	}{{"uid", &m.uid}, {"gid", &m.gid}, {"SCHILY.devmajor", &m.major}, {"SCHILY.devminor", &m.minor}} {
		if value, ok := r.values[field.key]; ok {
			n, err := strconv.ParseUint(value, 10, 32)
			if err != nil {
				return fmt.Errorf("%s: %s is %.40q", m.name, field.key, value)
			}
			*field.to = uint32(n)
		}
	}
	return nil
}

func (r *paxRecords) applyTimes(m *tarMember) error {
	for _, field := range [...]struct {
		key string
		to  *time.Time
	}{{"mtime", &m.mtime}, {"atime", &m.atime}, {"ctime", &m.ctime}, {"LIBARCHIVE.creationtime", &m.birth}} {
		if value, ok := r.values[field.key]; ok {
			t, err := paxTime(value)
			if err != nil {
				return fmt.Errorf("%s: %s is %.40q", m.name, field.key, value)
			}
			*field.to = t
		}
	}
	return nil
}

// attributes returns the extended attributes that ext4 can have.
func (r *paxRecords) attributes() []ext4.Xattr {
	if r == nil {
		return nil
	}
	var found []ext4.Xattr
	for name, value := range r.xattrs {
		if keepsXattr(name) {
			found = append(found, ext4.Xattr{Name: name, Value: []byte(value)})
		}
	}
	sortXattrs(found)
	return found
}

// paxNumber parses a size or an offset.
func paxNumber(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a number", s)
	}
	return int64(n), nil
}

// paxTime parses seconds with a fraction of any length, which is rounded down to nanoseconds.
func paxTime(s string) (time.Time, error) {
	whole, fraction, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	if sec > math.MaxInt64/2 || sec < math.MinInt64/2 {
		return time.Time{}, strconv.ErrRange
	}
	more := len(fraction) > 9
	digits := (fraction + "000000000")[:9]
	nsec, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return time.Time{}, err
	}
	if strings.HasPrefix(whole, "-") {
		if more && strings.Trim(fraction[9:], "0") != "" {
			nsec++
		}
		return time.Unix(sec, -int64(nsec)), nil
	}
	return time.Unix(sec, int64(nsec)), nil
}
