package store

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"sync/atomic"

	"github.com/minio/minio-go/v7"

	"amiforge/bundle"
	"amiforge/manifest"
)

// An S3 is a prefix in a bucket as a bundle.Store. Open makes it.
type S3 struct {
	client *client
	acl    string

	checks atomic.Int32 // how the server checks what is put: one of the check constants
	seen   atomic.Bool  // the bucket is known to exist
}

var _ bundle.Store = (*S3)(nil)

// String returns s3://bucket/prefix.
func (s *S3) String() string { return s.client.loc.String() }

// object returns the key of the object name.
func (s *S3) object(op, name string) (string, error) {
	key := s.client.loc.key(name)
	err := checkSegment(name)
	switch {
	case err == nil && strings.Contains(name, "/"):
		err = fmt.Errorf("%q has a slash", name)
	case err == nil && len(key) > maxKey:
		err = fmt.Errorf("is longer than a key of %d bytes can be", maxKey)
	}
	if err != nil {
		return "", s.client.failure(op, name, fmt.Errorf("name %w: %w", err, fs.ErrInvalid))
	}
	return key, nil
}

// Stat asks for the size of an object, and for the SHA-1 that the server checked when it was put.
func (s *S3) Stat(ctx context.Context, name string) (bundle.Object, error) {
	key, err := s.object("stat", name)
	if err != nil {
		return bundle.Object{}, err
	}
	var found minio.ObjectInfo
	err = s.client.do(ctx, "stat", name, func(ctx context.Context, s3 *core) (err error) {
		found, err = s3.StatObject(ctx, s.client.loc.Bucket, key, minio.StatObjectOptions{Checksum: true})
		return err
	})
	if err != nil {
		return bundle.Object{}, s.whyNot(ctx, name, key, err)
	}
	s.seen.Store(true)
	return bundle.Object{Name: name, Size: found.Size, SHA1: fullSHA1(found)}, nil
}

// whyNot gives the reason of a HEAD request that was refused: its answer has no body, so that S3 cannot tell
// a missing bucket from a missing object, or a wrong secret from a forbidden one. A GET says it. It is left
// out for an object in a bucket that is known to be there.
func (s *S3) whyNot(ctx context.Context, name, key string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status < 400 || e.Status >= 500 || errors.Is(err, fs.ErrNotExist) && s.seen.Load() {
		return err
	}
	var options minio.GetObjectOptions
	if err := options.SetRange(0, 0); err != nil {
		return err
	}
	reason := s.client.do(ctx, "stat", name, func(ctx context.Context, s3 *core) error {
		body, _, _, err := s3.GetObject(ctx, s.client.loc.Bucket, key, options)
		if err != nil {
			return err
		}
		return body.Close()
	})
	if errors.Is(reason, fs.ErrNotExist) {
		s.seen.Store(true)
	}
	if reason == nil {
		return err
	}
	return reason
}

// fullSHA1 returns the digest of the whole object. That of a multipart upload is one of its parts' digests.
func fullSHA1(o minio.ObjectInfo) *manifest.Digest {
	sum, err := base64.StdEncoding.DecodeString(o.ChecksumSHA1)
	if err != nil || len(sum) != len(manifest.Digest{}) || o.ChecksumMode == "COMPOSITE" {
		return nil
	}
	return (*manifest.Digest)(sum)
}

// Remove deletes an object. That it was there S3 does not tell.
func (s *S3) Remove(ctx context.Context, name string) error {
	key, err := s.object("remove", name)
	if err != nil {
		return err
	}
	return s.client.do(ctx, "remove", name, func(ctx context.Context, s3 *core) error {
		return s3.RemoveObject(ctx, s.client.loc.Bucket, key, minio.RemoveObjectOptions{})
	})
}

// List yields the objects directly under the prefix, in pages of 1,000.
func (s *S3) List(ctx context.Context) iter.Seq2[bundle.Object, error] {
	return func(yield func(bundle.Object, error) bool) {
		prefix := s.client.loc.key("")
		err := s.client.list(ctx, prefix, false, func(o minio.ObjectInfo) bool {
			name := strings.TrimPrefix(o.Key, prefix)
			if strings.Contains(name, "/") || checkSegment(name) != nil {
				return true // what lies deeper, or cannot be the name of an object of ours
			}
			return yield(bundle.Object{Name: name, Size: o.Size}, nil)
		})
		if err != nil {
			yield(bundle.Object{}, err)
		}
	}
}
