package boottest

import (
	"bytes"
	"regexp"
	"strings"
	"time"
)

const (
	consoleBytes = 8 << 10 // of the output that are kept
	consoleLines = 30      // of them that are shown
)

// A console takes what a machine prints, keeps the end of it, and looks for a text.
type console struct {
	text  string
	shown func()    // called when the text is there
	seen  time.Time // when that was; zero if not yet
	tail  []byte
}

// Write never fails.
func (c *console) Write(p []byte) (int, error) {
	c.tail = append(c.tail, p...)
	if c.seen.IsZero() && bytes.Contains(c.tail, []byte(c.text)) {
		c.seen = time.Now()
		c.shown()
	}
	if excess := len(c.tail) - consoleBytes; excess > 0 {
		c.tail = c.tail[:copy(c.tail, c.tail[excess:])]
	}
	return len(p), nil
}

// lines returns the last lines as text, without the terminal's control sequences.
func (c *console) lines() string {
	control := regexp.MustCompile(`\x1b(\[[0-9;?]*[A-Za-z]|[c78])|\r`)
	text := strings.TrimSpace(string(control.ReplaceAll(c.tail, nil)))
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-consoleLines):], "\n")
}
