package store

import (
	"context"
	"crypto/md5" // the check of a part that every server knows
	"encoding/base64"
	"fmt"
	"hash"
	"io"
	"net/http"

	"github.com/minio/minio-go/v7"

	"amiforge/bundle"
)

// send uploads a part. When it returns, however it ends, nobody reads c any more.
func (m *multipart) send(ctx context.Context, number int, c *content) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	op, sum := fmt.Sprintf("put part %d", number), digest(crc.Hasher(), c)
	options := minio.PutObjectPartOptions{CustomHeader: http.Header{}, DisableContentSha256: true}
	if m.plain {
		options.Md5Base64 = digest(md5.New(), c)
	} else {
		options.CustomHeader.Set(crc.Key(), sum)
	}
	var sent minio.ObjectPart
	err := m.do(ctx, op, func(ctx context.Context, s3 *core) (err error) {
		sent, err = s3.PutObjectPart(ctx, m.bucket(), m.key, m.id, number, c.reader(), c.size, options)
		settle(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if told := sent.ChecksumCRC64NVME; told != "" && told != sum {
		return m.failure(op, fmt.Errorf("%w: the server says CRC-64/NVME %s, sent was %s", bundle.ErrVerify, told, sum))
	}
	sent.ChecksumCRC64NVME = sum
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, sent)
	return nil
}

// reader returns a reader of the content from its start.
func (c *content) reader() *io.SectionReader { return io.NewSectionReader(c, 0, c.size) }

// digest returns the digest of the content in base64.
func digest(h hash.Hash, c *content) string {
	buf := make([]byte, pageSize)
	for off := int64(0); off < c.size; off += pageSize {
		n, _ := c.ReadAt(buf, off) // it ends with the content
		h.Write(buf[:n])
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}
