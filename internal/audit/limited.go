package audit

import (
	"context"
	"io"
)

// A limited ends after n bytes, where r fails, and when ctx ends.
type limited struct {
	r   io.Reader
	n   int64
	ctx context.Context
}

func (l *limited) Read(p []byte) (int, error) {
	if l.n <= 0 || l.ctx.Err() != nil {
		return 0, io.EOF
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.n)])
	l.n -= int64(n)
	if err != nil {
		err = io.EOF
	}
	return n, err
}
