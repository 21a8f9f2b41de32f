package boottest

import (
	"strings"
	"testing"
)

func TestConsoleFindsText(t *testing.T) {
	long := strings.Repeat("systemd[1]: started\n", consoleBytes)
	tests := []struct {
		name, printed string
		want          int // calls of shown
	}{
		{"nothing", "", 0},
		{"another", "other login: ", 0},
		{"alone", "web login: ", 1},
		{"after much else", long + "web login: ", 1},
		{"twice", "web login: \nweb login: ", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, step := range []int{1, 7, 4096, len(tt.printed) + 1} {
				shown := 0
				c := &console{text: "web login:", shown: func() { shown++ }}
				for rest := tt.printed; rest != ""; rest = rest[min(step, len(rest)):] {
					if _, err := c.Write([]byte(rest[:min(step, len(rest))])); err != nil {
						t.Fatal(err)
					}
				}
				if shown != tt.want || c.seen.IsZero() != (tt.want == 0) || len(c.tail) > consoleBytes {
					t.Errorf("in steps of %d: shown %d times at %v, %d bytes kept", step, shown, c.seen, len(c.tail))
				}
			}
		})
	}
}

func TestConsoleLines(t *testing.T) {
	c := &console{text: "none"}
	for range 100 {
		c.Write([]byte("early\r\n"))
	}
	c.Write([]byte("\x1bc\x1b[?7l[\x1b[0;32m  OK  \x1b[0m] Mounted\r\r\nKernel panic\r\n\r\n"))
	lines := strings.Split(c.lines(), "\n")
	if len(lines) != consoleLines {
		t.Errorf("%d lines, want %d", len(lines), consoleLines)
	}
	if got, want := strings.Join(lines[len(lines)-2:], "|"), "[  OK  ] Mounted|Kernel panic"; got != want {
		t.Errorf("the last are %q, want %q", got, want)
	}
}
