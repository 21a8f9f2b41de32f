package store

import (
	"bytes"
	"context"
	"crypto/md5" // the check of a PUT that every server knows
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
)

// MaxValue is the longest value of a key, in bytes.
const MaxValue = 1 << 20

// ErrConflict says that a key does not have the version that was to be replaced.
var ErrConflict = errors.New("version has changed")

// Keys is a prefix in a bucket as a map from keys to small values that is safe for concurrent writers,
// through the conditional writes of S3. A key is a relative path with slashes.
//
// A request whose answer was lost is tried again, and then meets its own success as a conflict. Keys
// recognises that by comparing the stored bytes with its own, so each value must be unique to its writer:
// put a random nonce in it. The same nonce keeps versions (ETags, made of the content) from coming back.
type Keys struct{ client *client }

// OpenKeys returns the keys under loc, which must be in a bucket. See Open.
func OpenKeys(ctx context.Context, loc Location, cfg Config) (*Keys, error) {
	if loc.Bucket == "" {
		return nil, fmt.Errorf("%v: is not in a bucket", loc)
	}
	c, err := newClient(ctx, loc, cfg)
	if err != nil {
		return nil, err
	}
	return &Keys{c}, nil
}

// String returns s3://bucket/prefix.
func (k *Keys) String() string { return k.client.loc.String() }

// Get returns the value of key and its version. A missing key is fs.ErrNotExist.
func (k *Keys) Get(ctx context.Context, key string) (value []byte, version string, err error) {
	if err := k.check("get", key); err != nil {
		return nil, "", err
	}
	err = k.client.do(ctx, "get", key, func(ctx context.Context, s3 *core) error {
		value, version, err = k.fetch(ctx, s3, key)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return value, version, nil
}

func (k *Keys) fetch(ctx context.Context, s3 *core, key string) (value []byte, version string, err error) {
	body, found, _, err := s3.GetObject(ctx, k.client.loc.Bucket, k.client.loc.key(key), minio.GetObjectOptions{})
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	if found.Size < 0 || found.Size > MaxValue {
		return nil, "", k.client.failure("get", key, fmt.Errorf("value of %d bytes, the limit is %d", found.Size, MaxValue))
	}
	value = make([]byte, found.Size)
	if _, err := io.ReadFull(body, value); err != nil {
		return nil, "", err
	}
	return value, found.ETag, nil
}

// Create stores the value of a key that has none. If it has one, the error is fs.ErrExist.
func (k *Keys) Create(ctx context.Context, key string, value []byte) (version string, err error) {
	var options minio.PutObjectOptions
	options.SetMatchETagExcept("*")
	version, err = k.put(ctx, key, value, options)
	if !isConflict(err) {
		return version, err
	}
	version, ours, found := k.ours(ctx, key, value)
	switch {
	case ours:
		return version, nil
	case found == nil:
		return "", k.client.failure("put", key, fs.ErrExist)
	}
	return "", found
}

// Replace stores the value of a key that still has version. If it has another one, the error is ErrConflict;
// if it is not there at all, the error is also fs.ErrNotExist. A conflict does not prove that the value was
// never stored: a third writer may have replaced it before the lost answer was noticed.
func (k *Keys) Replace(ctx context.Context, key string, value []byte, version string) (newVersion string, err error) {
	if version == "" {
		return "", k.client.failure("put", key, fmt.Errorf("no version to replace: %w", fs.ErrInvalid))
	}
	var options minio.PutObjectOptions
	options.SetMatchETag(version)
	newVersion, err = k.put(ctx, key, value, options)
	if !isConflict(err) && !errors.Is(err, fs.ErrNotExist) {
		return newVersion, err
	}
	newVersion, ours, found := k.ours(ctx, key, value)
	switch {
	case ours:
		return newVersion, nil
	case found == nil:
		return "", k.client.failure("put", key, ErrConflict)
	case errors.Is(found, fs.ErrNotExist):
		return "", k.client.failure("put", key, fmt.Errorf("%w: %w", ErrConflict, fs.ErrNotExist))
	}
	return "", found
}

// put makes one conditional write.
func (k *Keys) put(ctx context.Context, key string, value []byte, options minio.PutObjectOptions) (version string, err error) {
	if err := k.check("put", key); err != nil {
		return "", err
	}
	if len(value) > MaxValue {
		return "", k.client.failure("put", key, fmt.Errorf("value of %d bytes, the limit is %d", len(value), MaxValue))
	}
	sum := md5.Sum(value)
	digest := base64.StdEncoding.EncodeToString(sum[:])
	options.DisableContentSha256 = true
	var sent minio.UploadInfo
	err = k.client.do(ctx, "put", key, func(ctx context.Context, s3 *core) (err error) {
		body := bytes.NewReader(value)
		sent, err = s3.PutObject(ctx, k.client.loc.Bucket, k.client.loc.key(key), body, int64(len(value)), digest, "", options)
		settle(ctx)
		return err
	})
	return sent.ETag, err
}

// isConflict tells whether a condition did not hold: 412, or 409 where another write is still under way.
func isConflict(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Status == http.StatusPreconditionFailed || e.Status == http.StatusConflict)
}

// ours tells whether key has our value, from a write whose answer was lost, and its version.
func (k *Keys) ours(ctx context.Context, key string, value []byte) (version string, ours bool, err error) {
	stored, version, err := k.Get(ctx, key)
	return version, err == nil && bytes.Equal(stored, value), err
}

// An Entry is a key in a listing.
type Entry struct {
	Key     string
	Version string // empty where the store does not give it along
	Value   []byte // nil where the store does not give it along
}

// List yields the keys that begin with prefix, such as "images/", and their versions, in no particular order,
// and stops at the first error.
func (k *Keys) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		root := k.client.loc.key("")
		err := k.client.list(ctx, root+prefix, true, func(o minio.ObjectInfo) bool {
			key := strings.TrimPrefix(o.Key, root)
			if !fs.ValidPath(key) || key == "." {
				return true // a folder marker of some tool
			}
			return yield(Entry{Key: key, Version: o.ETag}, nil)
		})
		if err != nil {
			yield(Entry{}, err)
		}
	}
}

// ListsVersions says that List gives versions along.
func (k *Keys) ListsVersions() bool { return true }

// check refuses what cannot be a key.
func (k *Keys) check(op, key string) error {
	if fs.ValidPath(key) && key != "." && checkPrefix(k.client.loc.key(key)) == nil {
		return nil
	}
	return k.client.failure(op, key, fmt.Errorf("key %q: %w", key, fs.ErrInvalid))
}
