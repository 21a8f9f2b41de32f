package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
)

// Open reads an object. If the connection breaks, the reader goes on from where it stood, provided that the
// object is still the same. ctx ends the reading, too.
func (s *S3) Open(ctx context.Context, name string) (io.ReadCloser, int64, error) {
	key, err := s.object("get", name)
	if err != nil {
		return nil, 0, err
	}
	r := &reader{ctx: ctx, client: s.client, name: name, key: key}
	err = s.client.resume(ctx, "get", name, &r.failures, func(ctx context.Context, s3 *core) error {
		body, found, _, err := s3.GetObject(ctx, s.client.loc.Bucket, key, minio.GetObjectOptions{})
		if err != nil {
			return err
		}
		r.body, r.size, r.etag = body, found.Size, found.ETag
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	s.seen.Store(true)
	if r.size < 0 {
		return nil, 0, s.client.failure("get", name, errors.Join(errors.New("server does not tell the size"), r.Close()))
	}
	return r, r.size, nil
}

// enough is how many bytes make the failures before them forgotten, over however many connections they came: a
// line that breaks often, but lets something through each time, gets there.
const enough = 1 << 20

// A reader yields the bytes of one object.
type reader struct {
	ctx       context.Context
	client    *client
	name, key string
	etag      string
	size      int64

	body     io.ReadCloser
	offset   int64 // of the next byte
	failures int
	since    int64 // bytes since failures were last forgotten
	err      error // sticky
}

// Read reads up to len(b) bytes. The end is io.EOF after exactly the object's size, never before.
func (r *reader) Read(b []byte) (int, error) {
	for {
		switch {
		case r.err != nil:
			return 0, r.err
		case r.offset == r.size:
			return 0, io.EOF
		case len(b) == 0:
			return 0, nil
		}
		n, err := r.body.Read(b[:min(int64(len(b)), r.size-r.offset)])
		r.offset += int64(n)
		r.since += int64(n)
		if n > 0 {
			return n, nil // an error comes again with the next call
		}
		if err != nil {
			r.err = r.again(err)
		}
	}
}

// again opens the object anew at the offset, after cause broke the body.
func (r *reader) again(cause error) error {
	if r.ctx.Err() != nil {
		return r.client.failure("get", r.name, context.Cause(r.ctx))
	}
	_ = r.body.Close() // broken already
	if r.since >= enough {
		r.failures, r.since = 0, 0
	}
	r.failures++
	if r.failures >= r.client.attempts || r.etag == "" {
		return r.broken(cause)
	}
	if err := r.client.wait(r.ctx, r.failures); err != nil {
		return r.client.failure("get", r.name, err)
	}
	return r.client.resume(r.ctx, "get", r.name, &r.failures, r.reopen)
}

// broken is the error of a body that ended too early for the last time.
func (r *reader) broken(cause error) error {
	e := r.client.unanswered("get", r.name, cause)
	e.Message = fmt.Sprintf("broke off at byte %d of %d: %s", r.offset, r.size, e.Message)
	e.Attempts = r.failures
	e.causes = append(e.causes, io.ErrUnexpectedEOF)
	return e
}

// reopen asks for the rest of the same object.
func (r *reader) reopen(ctx context.Context, s3 *core) error {
	var options minio.GetObjectOptions
	if err := options.SetMatchETag(r.etag); err != nil {
		return err
	}
	if r.offset > 0 {
		if err := options.SetRange(r.offset, 0); err != nil {
			return err
		}
	}
	body, _, header, err := s3.GetObject(ctx, r.client.loc.Bucket, r.key, options)
	if response, ok := errors.AsType[minio.ErrorResponse](err); ok && response.StatusCode == http.StatusPreconditionFailed {
		return r.client.failure("get", r.name, fmt.Errorf("changed while it was read, at byte %d", r.offset))
	}
	if err != nil {
		return err
	}
	if !strings.HasPrefix(header.Get("Content-Range"), fmt.Sprintf("bytes %d-", r.offset)) && r.offset > 0 {
		return r.client.failure("get", r.name,
			errors.Join(errors.New("broke off, and the server does not send a part of an object"), body.Close()))
	}
	r.body = body
	return nil
}

// Close ends the reading.
func (r *reader) Close() error { return r.body.Close() }
