package audit

import "io"

// A limited ends after n bytes, where r fails, and when the run ends or has read enough.
type limited struct {
	r   io.Reader
	n   int64
	run *run
}

// limit returns the first n bytes of what is compressed in a file.
func (r *run) limit(from io.Reader, n int64) *limited { return &limited{from, n, r} }

func (l *limited) Read(p []byte) (int, error) {
	if l.n <= 0 || l.run.ctx.Err() != nil || l.run.reading.spent() {
		return 0, io.EOF
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.n)])
	l.n -= int64(n)
	l.run.reading.decoded.Add(int64(n))
	if err != nil {
		err = io.EOF
	}
	return n, err
}
