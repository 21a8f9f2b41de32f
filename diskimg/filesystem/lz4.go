package filesystem

// unlz4 unpacks a block of LZ4 [LZ4 Block Format Description, 2022]. Each sequence is a token, bytes as they are, and how
// far back there are more that are the same.
func unlz4(b []byte, most int) ([]byte, error) {
	const shortest = 4
	var out []byte
	for len(b) > 0 {
		token := b[0]
		literals, b2, ok := lz4Length(int(token>>4), b[1:])
		if !ok || literals > len(b2) || literals > most-len(out) {
			return nil, damagedf("%d bytes as they are do not fit", literals)
		}
		out, b = append(out, b2[:literals]...), b2[literals:]
		if len(b) == 0 {
			return out, nil
		}
		if len(b) < 2 {
			break
		}
		back := int(b[0]) | int(b[1])<<8
		n, b2, ok := lz4Length(int(token&15), b[2:])
		if n += shortest; !ok || back == 0 || back > len(out) || n > most-len(out) {
			return nil, damagedf("%d bytes of %d back do not fit", n, back)
		}
		for b = b2; n > 0; {
			again := out[len(out)-back:][:min(n, back)]
			out, n = append(out, again...), n-len(again)
		}
	}
	return nil, damagedf("it ends too early")
}

// lz4Length adds up a length that begins with four bits.
func lz4Length(n int, b []byte) (int, []byte, bool) {
	if n < 15 {
		return n, b, true
	}
	for i, more := range b {
		if n += int(more); more < 255 {
			return n, b[i+1:], true
		}
	}
	return n, nil, false
}
