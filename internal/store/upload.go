package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// UploadOptions say what object an Upload makes.
type UploadOptions struct {
	Size  int64 // bytes that it will have; -1 if unknown
	Limit int64 // bytes that it will have at most; 0 if that is unknown too, and not looked at if Size is known
	Head  int64 // bytes in front that come last

	Replace     bool   // an object of the name may be there, and is replaced
	ContentType string // application/octet-stream if empty
}

// An Upload is an object on its way into a bucket. It is sent in parts while it is written, its first part last,
// and appears, whole, in Commit.
//
// All of the object must be covered by WriteAt and Zero in ascending order, each byte once, except for the head:
// it comes last, and within it the order is any. Another order, or a size that was not announced, is an error.
// So are more than MaxObject bytes. An error is final: every further call returns it, or one as final. The error
// of sending a part comes with a later call.
//
// Memory holds the part that is being filled and those on their way, which are 24 MiB together, or one part if
// that is longer. Parts have 8 MiB, or a ten-thousandth of Size if that is more. If only a limit is known, they
// grow: they have 11 MiB from 8 GiB of the object on and grow more from 50 GiB on, where Limit keeps them from
// becoming longer than needed (without it they have 88 MiB at 100 GiB and 1.4 GiB at 1 TiB). Until then it is
// under 40 MiB in all, and what the head holds but zeros, which is kept. Runs of zeros take no memory anywhere.
//
// If the answer to the request that begins an upload is lost, the server has an upload without parts that nobody
// knows of. It costs nothing.
//
// It is not safe for concurrent use.
type Upload struct {
	parts *multipart
	order order
	plan  plan

	ctx     context.Context
	cancel  context.CancelFunc
	sending *errgroup.Group
	running context.Context // ends with the first error of a part, too
	slots   *semaphore.Weighted
	pages   pagePool

	first  content // what is held back until the end: the head, and so much after it that it can be a part
	hold   int64   // the length of that; 0 if there is no head
	part   content // that is being filled
	number int     // of it
	room   int64   // its length when it is full

	err error // final
}

// inFlight is how many bytes of parts may be on their way; a longer part may be alone.
const inFlight = 3 * firstPart

// An existsError refuses to replace an object. It is fs.ErrExist.
type existsError struct{ location string }

func (e *existsError) Error() string {
	return e.location + " already exists (--force replaces it)"
}

func (e *existsError) Is(target error) bool { return target == fs.ErrExist }

// NewUpload begins the object name in loc, which must be in a bucket. Without Replace an object that is there is
// refused, now and, by servers that know conditional writes, again in Commit, with an error that is fs.ErrExist.
// Close must be called, and Commit before it, or there is no object. When ctx ends, so does the upload, with its
// cause.
func NewUpload(ctx context.Context, loc Location, name string, cfg Config, opts *UploadOptions) (*Upload, error) {
	if loc.Bucket == "" {
		return nil, fmt.Errorf("%v: is not in a bucket", loc)
	}
	c, err := newClient(ctx, loc, cfg)
	if err != nil {
		return nil, err
	}
	s := &S3{client: c, acl: cfg.ACL}
	key, err := s.object("put", name)
	if err != nil {
		return nil, err
	}
	if opts == nil {
		opts = &UploadOptions{Size: -1}
	}
	if err := opts.check(); err != nil {
		return nil, c.failure("put", name, err)
	}
	if err := s.mayPut(ctx, name, opts.Replace); err != nil {
		return nil, err
	}
	parts := &multipart{store: s, name: name, key: key, contentType: opts.ContentType, replace: opts.Replace}
	return newUpload(ctx, parts, opts), nil
}

func newUpload(ctx context.Context, parts *multipart, opts *UploadOptions) *Upload {
	u := &Upload{
		parts:  parts,
		order:  order{head: opts.Head, most: opts.most(), size: opts.Size, end: opts.Head},
		plan:   plan{most: opts.most(), known: opts.Size >= 0},
		slots:  semaphore.NewWeighted(inFlight),
		number: 1,
	}
	if opts.Head > 0 {
		u.hold, u.number = max(opts.Head, minPart), 2
	}
	u.ctx, u.cancel = context.WithCancel(ctx)
	u.sending, u.running = errgroup.WithContext(u.ctx)
	return u
}

// mayPut tells early what the end of a long upload would: that there is an object already, or no bucket.
func (s *S3) mayPut(ctx context.Context, name string, replace bool) error {
	_, err := s.Stat(ctx, name)
	switch {
	case err == nil && !replace:
		return &existsError{s.client.location(name)}
	case err == nil || errors.Is(err, fs.ErrNotExist):
		return nil
	case replace && isCode(err, "AccessDenied"):
		return nil // who may only put need not read
	}
	return err
}

// isCode tells whether the server answered with an error code of S3.
func isCode(err error, code string) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}

// String returns s3://bucket/prefix/name.
func (u *Upload) String() string { return u.parts.store.client.location(u.parts.name) }
