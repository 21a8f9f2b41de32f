package secret

// hasRun returns a function that tells whether there are n bytes of base64 one after the other in the first limit bytes.
func hasRun(n, limit int) func(p []byte) bool {
	return func(p []byte) bool {
		run := 0
		for _, c := range p[:min(len(p), limit)] {
			if run++; !isBase64(c) {
				run = 0
			}
			if run == n {
				return true
			}
		}
		return false
	}
}

// hasUserInfo tells whether what begins with :// has an @ before the path begins.
func hasUserInfo(p []byte) bool {
	for _, c := range p[len("://"):min(len(p), 256)] {
		switch {
		case c == '@':
			return true
		case c <= ' ', c == '/', c == '"', c == '\'', c == '<', c == '>':
			return false
		}
	}
	return false
}
