package cli

import (
	"fmt"
	"strings"
	"time"
)

// A bar is progress on a terminal, redrawn in place:
//
//	ami-upload: parts  40% [####      ] 4.0 GiB of 10 GiB, 120 MiB/s, 51s left
type bar struct {
	env    *Env
	prefix string
	drawn  time.Time // when last; zero where the bar is not on the terminal
}

const (
	redrawInterval = 100 * time.Millisecond
	barCells       = 10
	eraseLine      = "\r\x1b[K"
)

func (b *bar) update(s sample) {
	if s.at.Sub(b.drawn) >= redrawInterval {
		b.draw(s)
	}
}

func (b *bar) finish(s sample) {
	b.draw(s)
	fmt.Fprintln(b.env.Stderr)
	b.env.bar = nil
}

func (b *bar) draw(s sample) {
	columns, _ := b.env.terminal(b.env.Stderr)
	fmt.Fprint(b.env.Stderr, eraseLine+b.line(s, columns))
	b.drawn, b.env.bar = s.at, b
}

// erase makes room for a message. The next update draws the bar again, below it.
func (b *bar) erase() {
	fmt.Fprint(b.env.Stderr, eraseLine)
	b.drawn, b.env.bar = time.Time{}, nil
}

// line leaves out what a narrow terminal has no room for: a line that wraps could not be redrawn.
func (b *bar) line(s sample, columns int) string {
	cells, percent := "", ""
	if s.total >= 0 {
		percent = fmt.Sprintf(" %3d%%", s.percent())
		filled := s.percent() * barCells / 100
		cells = " [" + strings.Repeat("#", filled) + strings.Repeat(" ", barCells-filled) + "]"
	}
	line := b.prefix + percent + cells + " " + s.amount() + s.pace()
	if len(line) >= columns {
		line = b.prefix + percent + " " + s.amount() + s.pace()
	}
	return line[:min(len(line), max(columns-1, 0))]
}
