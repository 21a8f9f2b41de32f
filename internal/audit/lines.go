package audit

import (
	"bytes"
	"iter"
	"strings"
)

// lines goes over the lines of a file with their numbers, from 1 on, without what ends them.
func lines(b []byte) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range bytes.Lines(b) {
			n++
			if !yield(n, strings.TrimRight(string(line), "\r\n")) {
				return
			}
		}
	}
}

// settings goes over the lines that are neither blank nor a comment, trimmed.
func settings(b []byte) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for n, line := range lines(b) {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' || line[0] == ';' {
				continue
			}
			if !yield(n, line) {
				return
			}
		}
	}
}
