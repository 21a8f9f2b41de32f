package cli

import (
	"fmt"
	"io"
	"time"
)

// Steps are progress in a log: a line for every 10 percent, or for every GiB where the total is not known,
// once the work has taken longer than patience.
//
//	ami-upload: parts: 40%, 4.0 GiB of 10 GiB, 120 MiB/s, 51s left
type steps struct {
	out    io.Writer
	prefix string
	start  time.Time
	last   int64 // the step that was last printed
}

// patience is how long work may take without a word in the log.
const patience = time.Second

func (v *steps) update(s sample) {
	if s.at.Sub(v.start) < patience {
		return
	}
	if step := stepOf(s); step > v.last {
		v.last = step
		v.print(s)
	}
}

// finish prints the last line where the work went to its end without one: an unknown total, or an Add that
// left the display to another.
func (v *steps) finish(s sample) {
	if s.total < 0 && s.at.Sub(v.start) >= patience {
		v.print(s)
		return
	}
	v.update(s)
}

func stepOf(s sample) int64 {
	if s.total < 0 {
		return s.done >> 30
	}
	return int64(s.percent() / 10)
}

func (v *steps) print(s sample) {
	percent := ""
	if s.total >= 0 {
		percent = fmt.Sprintf("%d%%, ", s.percent())
	}
	fmt.Fprintf(v.out, "%s: %s%s%s\n", v.prefix, percent, s.amount(), s.pace())
}
