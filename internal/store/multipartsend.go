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
	withMD5 := m.unconfirmed.Load()
	confirmed, err := m.put(ctx, number, c, withMD5)
	if err != nil || confirmed || withMD5 {
		return err
	}
	m.unconfirmed.Store(true)
	_, err = m.put(ctx, number, c, true)
	return err
}

// put uploads a part with one or two digests. confirmed tells whether the server says that it checked the first.
func (m *multipart) put(ctx context.Context, number int, c *content, withMD5 bool) (confirmed bool, err error) {
	op, sum := fmt.Sprintf("put part %d", number), digest(crc.Hasher(), c)
	options := minio.PutObjectPartOptions{CustomHeader: http.Header{}, DisableContentSha256: true}
	if !m.plain {
		options.CustomHeader.Set(crc.Key(), sum)
	}
	if withMD5 {
		options.Md5Base64 = digest(md5.New(), c)
	}
	var sent minio.ObjectPart
	err = m.do(ctx, op, func(ctx context.Context, s3 *core) (err error) {
		sent, err = s3.PutObjectPart(ctx, m.bucket(), m.key, m.id, number, c.reader(), c.size, options)
		settle(ctx)
		return err
	})
	if err != nil {
		return false, err
	}
	told := sent.ChecksumCRC64NVME
	if told != "" && told != sum {
		return false, m.failure(op, fmt.Errorf("%w: the server says CRC-64/NVME %s, sent was %s", bundle.ErrVerify, told, sum))
	}
	sent.ChecksumCRC64NVME = sum
	m.note(sent)
	return told != "", nil
}

// note keeps what complete must know of a part.
func (m *multipart) note(part minio.ObjectPart) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sent == nil {
		m.sent = map[int]minio.ObjectPart{}
	}
	m.sent[part.PartNumber] = part
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
