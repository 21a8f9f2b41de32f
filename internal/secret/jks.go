package secret

import (
	"bytes"
	"encoding/binary"
)

// isJKS knows Java's key stores, JKS and JCEKS, if there is a private key in them before p ends: each entry begins with a
// number that says what it is [OpenJDK, sun.security.provider.JavaKeyStore]. The store of CA certificates has none.
func isJKS(p []byte) bool {
	isJCEKS := bytes.HasPrefix(p, []byte("\xce\xce\xce\xce\x00\x00\x00"))
	if !isJCEKS && !bytes.HasPrefix(p, []byte("\xfe\xed\xfe\xed\x00\x00\x00")) {
		return false
	}
	const private, certificate, secretKey = 1, 2, 3
	s := javaStream{p}
	s.skip(8)
	for n := s.uint32(); n > 0 && len(s.p) > 0; n-- {
		switch s.uint32() {
		case private:
			return true
		case secretKey:
			return isJCEKS
		case certificate:
			s.skipString() // the alias
			s.skip(8)      // the date
			s.skipString() // X.509
			s.skip(int64(s.uint32()))
		default:
			return false
		}
	}
	return false
}

// A javaStream is what java.io.DataOutputStream wrote. Behind its end all is zero.
type javaStream struct{ p []byte }

func (s *javaStream) skip(n int64) { s.p = s.p[min(n, int64(len(s.p))):] }

func (s *javaStream) uint32() uint32 {
	if len(s.p) < 4 {
		s.p = nil
		return 0
	}
	v := binary.BigEndian.Uint32(s.p)
	s.p = s.p[4:]
	return v
}

func (s *javaStream) skipString() {
	if len(s.p) < 2 {
		s.p = nil
		return
	}
	s.skip(2 + int64(binary.BigEndian.Uint16(s.p)))
}
