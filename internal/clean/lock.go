package clean

import (
	"bytes"
	"strings"
)

// lockRoot returns a file of passwords [shadow(5), passwd(5)] in which no password is root's: of what stands in the
// second field of its lines, marks in front that lock it stay, and the x that stands for a line of the other file. Without
// a mark there is a * then, with which keys still open the account to those whom sshd_config lets in.
func lockRoot(content []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(content) {
		fields := bytes.SplitN(line, []byte(":"), 3)
		if len(fields) == 3 && string(fields[0]) == "root" {
			fields[1] = []byte(locked(string(fields[1])))
			line = bytes.Join(fields, []byte(":"))
		}
		out.Write(line)
	}
	return out.Bytes()
}

func locked(field string) string {
	if field == "x" || field == "*LK*" || field == "*LOCK*" {
		return field
	}
	marks := field[:len(field)-len(strings.TrimLeft(field, "!*"))]
	if marks == "" {
		return "*"
	}
	return marks
}
