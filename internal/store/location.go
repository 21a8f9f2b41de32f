package store

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scheme begins a location in a bucket.
const scheme = "s3://"

// A Location is a place for bundles: a prefix in a bucket, or a directory.
type Location struct {
	Bucket string // "" for a directory
	Prefix string // of the keys, without slashes at its ends; "" is the root of the bucket
	Dir    string // the directory's path
}

// String returns the location as a user would type it.
func (l Location) String() string {
	if l.Bucket == "" {
		return l.Dir
	}
	return scheme + l.Bucket + "/" + l.Prefix
}

// Object returns the name of an object in l as a user would type it.
func (l Location) Object(name string) string {
	if l.Bucket == "" {
		return filepath.Join(l.Dir, name)
	}
	return scheme + l.Bucket + "/" + l.key(name)
}

// key returns the key of the object name.
func (l Location) key(name string) string {
	if l.Prefix == "" {
		return name
	}
	return l.Prefix + "/" + name
}

// ParseLocation reads s3://bucket, s3://bucket/prefix or a local path. One slash at the end is dropped. A
// prefix with an empty segment (s3://bucket//x), with "." or "..", or with control characters is refused:
// S3 would keep it as it is, and nobody would find it again.
func ParseLocation(s string) (Location, error) {
	rest, ok := strings.CutPrefix(s, scheme)
	switch {
	case ok:
		return parseBucket(s, rest)
	case s == "":
		return Location{}, errors.New("location is empty: give a path or s3://bucket/prefix")
	case strings.Contains(s, "://"):
		return Location{}, fmt.Errorf("location %q: give a path or s3://bucket/prefix (--endpoint-url says which server)", withoutLogin(s))
	case strings.ContainsRune(s, 0):
		return Location{}, fmt.Errorf("location %q: a path cannot contain NUL", s)
	}
	return Location{Dir: filepath.Clean(s)}, nil
}

// withoutLogin leaves out what may be a password in a URL.
func withoutLogin(url string) string {
	scheme, _, _ := strings.Cut(url, "://")
	if i := strings.LastIndexByte(url, '@'); i >= 0 {
		return scheme + "://…" + url[i:]
	}
	return url
}

// BucketLocation reads the argument of -b, where users of the EC2 tools type a bucket's name: a bare word is
// bucket or bucket/prefix. A path begins with "/", "./" or "../"; s3:// is also understood.
func BucketLocation(s string) (Location, error) {
	if s == "." || s == ".." || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "./") ||
		strings.HasPrefix(s, "../") || strings.Contains(s, "://") || s == "" {
		return ParseLocation(s)
	}
	return parseBucket(s, s)
}

// SplitObject reads the location of an object, s3://b/web/image.manifest.xml or out/image.manifest.xml, as
// the store that it is in and its name there. For a local file that does not exist, under a path that looks
// like one in a bucket, the error (fs.ErrNotExist) says to write s3://.
func SplitObject(s string) (dir Location, name string, err error) {
	if strings.HasSuffix(s, "/") {
		return Location{}, "", fmt.Errorf("%s: name an object, such as %simage.manifest.xml", s, s)
	}
	whole, err := ParseLocation(s)
	if err != nil {
		return Location{}, "", err
	}
	if whole.Bucket == "" {
		if err := mistakenForPath(s); err != nil {
			return Location{}, "", err
		}
		dir, name := filepath.Split(whole.Dir)
		if name == "" || name == "." || name == ".." {
			return Location{}, "", fmt.Errorf("%s: is a directory, name a file in it", s)
		}
		return Location{Dir: filepath.Clean(dir)}, name, nil
	}
	if whole.Prefix == "" {
		return Location{}, "", fmt.Errorf("%s: name an object, such as %s/image.manifest.xml", s, s)
	}
	i := strings.LastIndexByte(whole.Prefix, '/')
	dir, name = Location{Bucket: whole.Bucket}, whole.Prefix[i+1:]
	if i > 0 {
		dir.Prefix = whole.Prefix[:i]
	}
	return dir, name, nil
}

// mistakenForPath tells a user who left out s3://.
func mistakenForPath(s string) error {
	bucket, _, ok := strings.Cut(s, "/")
	if !ok || !strings.HasSuffix(s, ".manifest.xml") || checkBucket(bucket) != nil {
		return nil
	}
	if _, err := os.Lstat(s); !errors.Is(err, fs.ErrNotExist) {
		return nil // it is there, or opening it gives the better error
	}
	return fmt.Errorf("%s: %w; if it is in a bucket, write %s%s", s, fs.ErrNotExist, scheme, s)
}

// parseBucket reads bucket/prefix, which the user typed as s.
func parseBucket(s, rest string) (Location, error) {
	bucket, prefix, _ := strings.Cut(rest, "/")
	if err := checkBucket(bucket); err != nil {
		return Location{}, fmt.Errorf("location %q: %w", s, err)
	}
	prefix = strings.TrimSuffix(prefix, "/")
	if prefix == "" && strings.HasSuffix(rest, "//") {
		return Location{}, fmt.Errorf("location %q: prefix has an empty segment", s)
	}
	if err := checkPrefix(prefix); err != nil {
		return Location{}, fmt.Errorf("location %q: prefix %w", s, err)
	}
	return Location{Bucket: bucket, Prefix: prefix}, nil
}

// checkBucket applies the naming rules of S3, those of before 2018 (capitals, underscores), when many of the
// buckets with bundles in them were made.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
func checkBucket(name string) error {
	if len(name) < 3 || len(name) > 63 {
		return fmt.Errorf("bucket name %q is not of 3 to 63 characters", name)
	}
	for _, r := range name {
		if !isAlphanumeric(r) && !strings.ContainsRune("-._", r) {
			return fmt.Errorf("bucket name %q contains %q: letters, digits, - . and _ are allowed", name, r)
		}
	}
	first, last := rune(name[0]), rune(name[len(name)-1])
	if !isAlphanumeric(first) || !isAlphanumeric(last) {
		return fmt.Errorf("bucket name %q does not begin and end with a letter or a digit", name)
	}
	if strings.Contains(name, "..") || strings.Contains(name, ".-") || strings.Contains(name, "-.") {
		return fmt.Errorf("bucket name %q has two dots, or a dot and a dash, in a row", name)
	}
	if net.ParseIP(name) != nil {
		return fmt.Errorf("bucket name %q is an IP address", name)
	}
	return nil
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// maxKey is the length of the longest key, in bytes.
const maxKey = 1024

func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	if len(prefix) >= maxKey {
		return fmt.Errorf("is longer than a key of %d bytes can be", maxKey)
	}
	for segment := range strings.SplitSeq(prefix, "/") {
		if err := checkSegment(segment); err != nil {
			return err
		}
	}
	return nil
}

// checkSegment refuses what cannot be one element of a key for us.
func checkSegment(s string) error {
	switch {
	case s == "":
		return errors.New("has an empty segment")
	case s == "." || s == "..":
		return fmt.Errorf("has the segment %q", s)
	case !utf8.ValidString(s):
		return fmt.Errorf("%q is not UTF-8", s)
	case strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("%q contains a control character", s)
	}
	return nil
}
