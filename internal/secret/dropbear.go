package secret

import (
	"encoding/binary"
	"slices"
)

// isDropbear knows the keys of Dropbear, of hosts and of users: the public key as SSH has it on the wire, and the private
// numbers behind it or, of Ed25519, before it [dropbear, signkey.c; RFC 4253, 6.6; RFC 5656, 3.1].
func isDropbear(p []byte) bool {
	if len(p) < 4 || p[0] != 0 || p[1] != 0 {
		return false
	}
	list := wireStrings(p)
	switch n := len(list); {
	case n < 2:
		return false
	case string(list[0]) == "ssh-ed25519":
		return len(list[1]) == 64
	case string(list[0]) == "ssh-rsa":
		return n >= 4 && len(list[2]) >= 64
	case string(list[0]) == "ssh-dss":
		return n >= 6
	}
	return slices.Contains([]string{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"}, string(list[0])) && len(list) >= 4
}

// wireStrings returns the strings that p is made of, each behind its length. What does not fit ends them.
func wireStrings(p []byte) [][]byte {
	const limit = 8 // the longest key has 6
	var list [][]byte
	for len(p) >= 4 && len(list) < limit {
		n := binary.BigEndian.Uint32(p)
		if p = p[4:]; n == 0 || uint64(n) > uint64(len(p)) {
			break
		}
		list, p = append(list, p[:n]), p[n:]
	}
	return list
}
