package secret

// hasRun returns a function that tells whether exactly n bytes of a kind stand one after the other, and begin in the first
// limit bytes.
func hasRun(n, limit int, is func(byte) bool) func(p []byte) bool {
	return func(p []byte) bool {
		run := 0
		for _, c := range p[:min(len(p), limit+n)] {
			switch {
			case is(c):
				run++
			case run == n:
				return true
			default:
				run = 0
			}
		}
		return run == n
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
