package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
)

// A multipart is a multipart upload of S3: its requests, each through the client's retry layer. It begins with the
// first part.
//
// The server is told to check a CRC-64/NVME of each part and of the whole, as AWS's own tools do. One that does
// not confirm that it did is sent the part again, and each from then on, with a Content-MD5.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
type multipart struct {
	store       *S3
	name, key   string
	contentType string
	replace     bool

	once  sync.Once
	id    string // the server's; "" while there is no upload
	fault error  // of beginning it
	plain bool   // the server does not know the checksum, so it is not sent

	unconfirmed atomic.Bool // parts are sent with MD5
	mu          sync.Mutex
	sent        map[int]minio.ObjectPart
}

// How long a request whose outcome must be known goes on after its context has ended, and how long it may take to
// abort an upload.
const (
	graceTime = 5 * time.Second
	abortTime = 10 * time.Second
)

const crc = minio.ChecksumCRC64NVME

// fullObject is the kind of a checksum that is one of the content, and not one of the parts' checksums.
const (
	kindHeader = "x-amz-checksum-type"
	fullObject = "FULL_OBJECT"
)

// begin makes the upload, once, however many parts ask for it. It may go on for some time when ctx has ended:
// an upload whose ID got lost could not be aborted.
func (m *multipart) begin(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	m.once.Do(func() {
		ctx, end := outlast(ctx, graceTime)
		defer end()
		m.id, m.fault = m.create(ctx)
		if e, ok := errors.AsType[*Error](m.fault); ok && (e.Status == 400 || e.Status == 501) {
			m.plain = true
			m.unconfirmed.Store(true)
			m.id, m.fault = m.create(ctx)
		}
	})
	return m.fault
}

func (m *multipart) create(ctx context.Context) (id string, err error) {
	options := minio.PutObjectOptions{ContentType: m.contentType, UserMetadata: map[string]string{}}
	if !m.plain {
		options.UserMetadata["x-amz-checksum-algorithm"] = crc.String()
		options.UserMetadata[kindHeader] = fullObject
	}
	if m.store.acl != "" {
		options.UserMetadata["x-amz-acl"] = m.store.acl
	}
	err = m.do(ctx, "begin upload", func(ctx context.Context, s3 *core) (err error) {
		id, err = s3.NewMultipartUpload(ctx, m.bucket(), m.key, options)
		if err == nil && id == "" {
			return m.failure("begin upload", errors.New("the server gave it no ID"))
		}
		return err
	})
	return id, err
}

// abort removes what was sent, if the upload was begun and is not complete. It does so again until the server does
// not know the upload any more, as a part of which the server was not told that nobody waits for it may have
// arrived in between. The context may have ended.
func (m *multipart) abort(ctx context.Context) error {
	if m.id == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	for range 3 {
		err := m.do(ctx, "abort upload", func(ctx context.Context, s3 *core) error {
			return s3.AbortMultipartUpload(ctx, m.bucket(), m.key, m.id)
		})
		if isCode(err, minio.NoSuchUpload) {
			break
		}
		if e, ok := errors.AsType[*Error](err); ok {
			e.Hint = "its parts stay, and cost, until the upload " + m.id + " is aborted"
			return e
		}
	}
	m.id = ""
	return nil
}

// ordered returns the parts that were sent, in the order of their numbers.
func (m *multipart) ordered() []minio.ObjectPart {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.sent), func(a, b minio.ObjectPart) int { return a.PartNumber - b.PartNumber })
}

func (m *multipart) bucket() string { return m.store.client.loc.Bucket }

func (m *multipart) do(ctx context.Context, op string, f request) error {
	return m.store.client.do(ctx, op, m.name, f)
}

func (m *multipart) failure(op string, err error) *Error {
	return m.store.client.failure(op, m.name, err)
}

// outlast returns a context that ends some time after ctx does. end must be called.
func outlast(ctx context.Context, grace time.Duration) (longer context.Context, end func()) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		pause := time.NewTimer(grace)
		defer pause.Stop()
		select {
		case <-pause.C:
			cancel(context.Cause(ctx))
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel(nil) }
}
