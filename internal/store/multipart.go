package store

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
)

// A multipart is a multipart upload of S3: its requests, each through the client's retry layer. It begins with the
// first part.
//
// The server is told to check a CRC-64/NVME of each part and of the whole, as AWS's own tools do. One that refuses
// it, or does not confirm it, is sent a Content-MD5 with each part.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
type multipart struct {
	store       *S3
	name, key   string
	contentType string
	replace     bool

	once  sync.Once
	id    string // the server's; "" while there is no upload
	fault error  // of beginning it
	plain bool   // the server does not know the checksum: Content-MD5

	mu   sync.Mutex
	sent []minio.ObjectPart // with the checksum that we know of each
}

// abortTime is how long it may take to abort an upload.
const abortTime = 10 * time.Second

// The checksum is one of the whole content, not one of the parts' checksums (COMPOSITE).
const (
	crc             = minio.ChecksumCRC64NVME
	algorithmHeader = "x-amz-checksum-algorithm"
	kindHeader      = "x-amz-checksum-type"
	fullObject      = "FULL_OBJECT"
)

// begin makes the upload, once, however many parts ask for it. It may go on for some time when ctx has ended:
// an upload whose ID got lost could not be aborted.
func (m *multipart) begin(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	m.once.Do(func() {
		ctx, end := m.outlast(ctx)
		defer end()
		m.fault = m.negotiate(ctx)
	})
	return m.fault
}

// negotiate begins an upload with the checksum, and if the server does not agree, one without.
func (m *multipart) negotiate(ctx context.Context) error {
	agreed, err := m.create(ctx)
	if e, ok := errors.AsType[*Error](err); ok && (e.Status == http.StatusBadRequest || e.Status == http.StatusNotImplemented) {
		err = nil
	}
	if err != nil || agreed {
		return err
	}
	if err := m.abort(ctx); err != nil {
		return err
	}
	m.plain = true
	_, err = m.create(ctx)
	return err
}

// create begins an upload. agreed tells whether the server is going to check the checksum.
func (m *multipart) create(ctx context.Context) (agreed bool, err error) {
	options := minio.PutObjectOptions{ContentType: m.contentType, UserMetadata: map[string]string{}}
	if !m.plain {
		options.UserMetadata[algorithmHeader] = crc.String()
		options.UserMetadata[kindHeader] = fullObject
	}
	if m.store.acl != "" {
		options.UserMetadata["x-amz-acl"] = m.store.acl
	}
	err = m.do(ctx, "begin upload", func(ctx context.Context, s3 *core) (err error) {
		m.id, err = s3.NewMultipartUpload(ctx, m.bucket(), m.key, options)
		if err == nil && m.id == "" {
			return m.failure("begin upload", errors.New("the server gave it no ID"))
		}
		agreed = heard(ctx).Get(algorithmHeader) == crc.String()
		return err
	})
	return agreed, err
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

func (m *multipart) bucket() string { return m.store.client.loc.Bucket }

func (m *multipart) do(ctx context.Context, op string, f request) error {
	return m.store.client.do(ctx, op, m.name, f)
}

func (m *multipart) failure(op string, err error) *Error {
	return m.store.client.failure(op, m.name, err)
}

// outlast returns a context that ends some time after ctx does. end must be called.
func (m *multipart) outlast(ctx context.Context) (longer context.Context, end func()) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		pause := time.NewTimer(m.store.client.pace.grace)
		defer pause.Stop()
		select {
		case <-pause.C:
			cancel(context.Cause(ctx))
		case <-longer.Done():
		}
	})
	return longer, func() {
		cancel(nil)
		if !stop() {
			<-done
		}
	}
}
