package secret

import "bytes"

// Naive finds as Find does, but tries each word of each rule at every byte.
func (s *Scanner) Naive(p []byte) []Match {
	var list []Match
	for at := range p {
		for i, r := range s.rules {
			for _, word := range r.starts {
				if m, ok := s.try(start{[]byte(word), i}, p, at); ok {
					m.Offset, m.Line = int64(at), 1+bytes.Count(p[:at], []byte{'\n'})
					list = append(list, m)
				}
			}
		}
	}
	return list
}
