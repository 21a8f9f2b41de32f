package secret

import (
	"bytes"
	"math"
)

// isPlaceholder tells whether s stands in a secret's place, as documentation has it: XXXX, 12345678, your-token-here.
func isPlaceholder(s []byte) bool {
	return longestRun(s) >= max(6, len(s)/4) || saysSo(bytes.ToLower(s))
}

// saysSo looks for words that a random secret does not have: that one of five letters or more turns up in forty
// characters by chance is less likely than one in a million.
func saysSo(lower []byte) bool {
	for _, word := range []string{
		"example", "xxxxx", "placeholder", "redacted", "changeme", "change_me", "dummy", "your_", "your-", "yourtoken",
		"yourkey", "yoursecret", "insert", "replace", "sample", "notreal", "fake_", "fake-", "<token", "_here", "-here",
	} {
		if bytes.Contains(lower, []byte(word)) {
			return true
		}
	}
	return false
}

// longestRun returns the length of the longest run of bytes that are all the same, or go up or down by one.
func longestRun(s []byte) int {
	longest := 0
	for step := -1; step <= 1; step++ {
		run := 1
		for i := 1; i < len(s); i++ {
			if int(s[i])-int(s[i-1]) == step {
				run++
			} else {
				run = 1
			}
			longest = max(longest, run)
		}
	}
	return longest
}

// entropy returns how many bits a byte of s has, by the frequencies of bytes in it [Shannon 1948].
func entropy(s []byte) float64 {
	var counts [256]int
	for _, c := range s {
		counts[c]++
	}
	bits := 0.0
	for _, n := range counts {
		if n > 0 {
			f := float64(n) / float64(len(s))
			bits -= f * math.Log2(f)
		}
	}
	return bits
}
