package store

import (
	"context"
	"crypto/md5" // what S3 checks with where it does not know SHA-1
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"

	"amiforge/bundle"
	"amiforge/manifest"
)

// How a server checks an object that it is sent.
const (
	checksUnknown int32 = iota
	checksSHA1          // it knows x-amz-checksum-sha1
	checksMD5           // it does not: Content-MD5
)

const checksumHeader = "x-amz-checksum-sha1"

// Put sends the object in one request, never in parts, with its SHA-1 for the server to check. A server that
// does not say that it did is an old one: it is sent the object again with a Content-MD5, as from then on
// every object, and then the SHA-1 is checked here. The first object of a store is also checked here, since
// nothing wrong may appear if the server turns out to be such a one.
func (s *S3) Put(ctx context.Context, name string, body io.ReaderAt, size int64, sum manifest.Digest) error {
	key, err := s.object("put", name)
	if err != nil {
		return err
	}
	o := &outgoing{name: name, key: key, body: body, size: size, sum: base64.StdEncoding.EncodeToString(sum[:])}
	checks := s.checks.Load()
	if checks != checksSHA1 {
		if o.md5, err = measure(body, size, sum); err != nil {
			return s.client.failure("put", name, err)
		}
	}
	if checks != checksMD5 {
		checked, err := s.send(ctx, o, false)
		if err != nil || checked {
			return err
		}
		if o.md5 == "" {
			if o.md5, err = measure(body, size, sum); err != nil {
				return s.client.failure("put", name, err)
			}
		}
	}
	_, err = s.send(ctx, o, true)
	return err
}

// An outgoing object is on its way to the server.
type outgoing struct {
	name, key string
	body      io.ReaderAt
	size      int64
	sum       string // SHA-1, in base64
	md5       string // in base64; "" if not needed
}

// send puts an object with one of the two digests. checked tells whether the server confirmed it.
func (s *S3) send(ctx context.Context, o *outgoing, useMD5 bool) (checked bool, err error) {
	options := minio.PutObjectOptions{UserMetadata: map[string]string{}, DisableContentSha256: true}
	digest := ""
	if useMD5 {
		digest = o.md5
	} else {
		options.UserMetadata[checksumHeader] = o.sum
	}
	if s.acl != "" {
		options.UserMetadata["x-amz-acl"] = s.acl
	}
	var sent minio.UploadInfo
	err = s.client.do(ctx, "put", o.name, func(ctx context.Context, s3 *core) (err error) {
		body := &source{r: io.NewSectionReader(o.body, 0, o.size)}
		sent, err = s3.PutObject(ctx, s.client.loc.Bucket, o.key, body, o.size, digest, "", options)
		settle(ctx)
		if body.err != nil {
			return sourceError{body.err}
		}
		return err
	})
	if err != nil {
		return false, err
	}
	s.seen.Store(true)
	if useMD5 || sent.ChecksumSHA1 == "" {
		s.checks.Store(checksMD5)
		return useMD5, nil
	}
	if sent.ChecksumSHA1 != o.sum {
		return false, s.client.failure("put", o.name, fmt.Errorf("server says sha1 %s, sent %s", sent.ChecksumSHA1, o.sum))
	}
	s.checks.Store(checksSHA1)
	return true, nil
}

// A source remembers the error of the body that is being sent, which minio-go would take for the network's.
type source struct {
	r   *io.SectionReader
	err error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if at, _ := s.r.Seek(0, io.SeekCurrent); errors.Is(err, io.EOF) && at < s.r.Size() {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// measure reads the body once, refuses it if its SHA-1 is not sum, and returns its MD5 in base64.
func measure(body io.ReaderAt, size int64, sum manifest.Digest) (string, error) {
	sha, md := sha1.New(), md5.New()
	n, err := io.Copy(io.MultiWriter(sha, md), io.NewSectionReader(body, 0, size))
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return "", err
	}
	if got := manifest.Digest(sha.Sum(nil)); got != sum {
		return "", fmt.Errorf("%w: sha1 of the content is %v, not %v", bundle.ErrVerify, got, sum)
	}
	return base64.StdEncoding.EncodeToString(md.Sum(nil)), nil
}
