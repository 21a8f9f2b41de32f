package store

import (
	"context"
	"crypto/md5" // of which S3 makes the ETag of an object of many parts
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"

	"github.com/minio/minio-go/v7"

	"amiforge/bundle"
)

// A whole is what an object must be once its upload is complete.
type whole struct {
	size int64
	sum  string // CRC-64/NVME, in base64
	etag string // "" if the server makes it in a way of its own
}

// complete makes the object of size bytes out of the parts. An answer that got lost is made up for by a look at
// the object. The request goes on for some time when ctx has ended, as that is the best way to know whether the
// object appeared.
func (m *multipart) complete(ctx context.Context, size int64) error {
	parts := slices.SortedFunc(slices.Values(m.sent), func(a, b minio.ObjectPart) int { return a.PartNumber - b.PartNumber })
	sum, err := crc.FullObjectChecksum(parts)
	if err != nil {
		return m.failure("complete upload", err)
	}
	want := whole{size: size, sum: sum.Encoded(), etag: etag(parts)}
	longer, end := m.outlast(ctx)
	defer end()
	attempts, err := m.assemble(longer, parts, want)
	if err == nil {
		m.id = "" // there is nothing to abort
		return m.verify(longer, want)
	}
	if attempts == 1 && isRefused(err) {
		return &existsError{m.store.client.location(m.name)}
	}
	return m.doubt(ctx, want, err)
}

// assemble asks the server to make the object, and tells how often.
func (m *multipart) assemble(ctx context.Context, parts []minio.ObjectPart, want whole) (attempts int, err error) {
	options := minio.PutObjectOptions{}
	if !m.plain && want.size > 0 { // MinIO takes no checksum of nothing for right
		options.UserMetadata = map[string]string{crc.Key(): want.sum, kindHeader: fullObject}
	}
	if !m.replace {
		options.SetMatchETagExcept("*")
	}
	list := m.list(parts)
	err = m.do(ctx, "complete upload", func(ctx context.Context, s3 *core) error {
		attempts++
		done, err := s3.CompleteMultipartUpload(ctx, m.bucket(), m.key, m.id, list, options)
		settle(ctx)
		if told := done.ChecksumCRC64NVME; err == nil && told != "" && told != want.sum && done.ChecksumMode == fullObject {
			return m.damaged(fmt.Sprintf("the server says CRC-64/NVME %s, sent was %s", told, want.sum))
		}
		return err
	})
	return attempts, err
}

// list names the parts for the server.
func (m *multipart) list(parts []minio.ObjectPart) []minio.CompletePart {
	list := make([]minio.CompletePart, len(parts))
	for i, p := range parts {
		list[i] = minio.CompletePart{PartNumber: p.PartNumber, ETag: p.ETag}
		if !m.plain {
			list[i].ChecksumCRC64NVME = p.ChecksumCRC64NVME
		}
	}
	return list
}

// isRefused tells whether the condition of a write did not hold. Servers that were slow to find out say it in an
// answer that began as a success.
func isRefused(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Status == http.StatusPreconditionFailed || e.Code == minio.PreconditionFailed)
}

// verify compares the object with what was sent.
func (m *multipart) verify(ctx context.Context, want whole) error {
	found, err := m.stat(ctx)
	switch {
	case errors.Is(err, fs.ErrPermission) && !m.plain:
		return nil // who may only put cannot look, and the server checked the sum
	case err != nil:
		return fmt.Errorf("the upload is complete, but could not be looked at: %w", err)
	case found.Size != want.size:
		return m.damaged(fmt.Sprintf("the object has %d bytes, sent were %d", found.Size, want.size))
	case isFull(found) && found.ChecksumCRC64NVME != want.sum:
		return m.damaged(fmt.Sprintf("the object has CRC-64/NVME %s, sent was %s", found.ChecksumCRC64NVME, want.sum))
	}
	return nil
}

func (m *multipart) damaged(what string) error {
	return m.failure("complete upload", fmt.Errorf("%w: %s; another program may have replaced it", bundle.ErrVerify, what))
}

func (m *multipart) stat(ctx context.Context) (found minio.ObjectInfo, err error) {
	err = m.do(ctx, "stat", func(ctx context.Context, s3 *core) (err error) {
		found, err = s3.StatObject(ctx, m.bucket(), m.key, minio.StatObjectOptions{Checksum: true})
		return err
	})
	return found, err
}

// is tells whether an object that was found is certainly the one that was sent. Its size alone says nothing: disks
// of one size replace each other.
func (w whole) is(found minio.ObjectInfo) bool {
	if found.Size != w.size {
		return false
	}
	return w.etag != "" && found.ETag == w.etag || isFull(found) && found.ChecksumCRC64NVME == w.sum
}

// isFull tells whether the server knows the checksum of the whole object.
func isFull(o minio.ObjectInfo) bool {
	return o.ChecksumCRC64NVME != "" && o.ChecksumMode != "COMPOSITE"
}

// etag returns the ETag of the object that the parts make: the MD5 of their MD5s, and their number. It is "" where
// those of the parts are something else, as with some kinds of encryption.
func etag(parts []minio.ObjectPart) string {
	h := md5.New()
	for _, p := range parts {
		sum, err := hex.DecodeString(p.ETag)
		if err != nil || len(sum) != md5.Size {
			return ""
		}
		h.Write(sum)
	}
	return fmt.Sprintf("%x-%d", h.Sum(nil), len(parts))
}
