package main

import (
	"fmt"
	"io"
	"strings"
)

// A table is what "make bench" prints, as Markdown.
type table struct {
	title string
	rows  []row
}

// A row compares what one thing took with what others take and with what it may take.
type row struct{ what, ours, theirs, ratio, target, verdict string }

func (t *table) add(rows ...row) { t.rows = append(t.rows, rows...) }

func (t *table) write(w io.Writer) error {
	var text strings.Builder
	fmt.Fprintln(&text, t.title)
	fmt.Fprintln(&text, "\n| what | ours | theirs | ratio | target | |")
	fmt.Fprintln(&text, "| --- | ---: | ---: | ---: | ---: | --- |")
	for _, r := range t.rows {
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s | %s |\n", r.what, r.ours, r.theirs, r.ratio, r.target, r.verdict)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// faster says how many times as fast as theirs ours is, and whether that is at least the target.
// A target of 0 is none.
func faster(what string, ours, theirs *racer, target float64) row {
	our := median(ours.samples).elapsed.Seconds()
	r := row{what: what, ours: fmt.Sprintf("%.2f s", our)}
	if target > 0 {
		r.target = "≥ " + times(target)
	}
	if theirs.absent != nil {
		r.verdict = "not measured: " + theirs.absent.Error()
		return r
	}
	their := median(theirs.samples).elapsed.Seconds()
	r.theirs, r.ratio = fmt.Sprintf("%.2f s", their), times(their/our)
	if target > 0 {
		r.verdict = verdict(their/our >= target)
	}
	return r
}

// times writes a ratio.
func times(ratio float64) string {
	if ratio < 1.95 {
		return fmt.Sprintf("%.2f×", ratio)
	}
	return fmt.Sprintf("%.1f×", ratio)
}

// larger says how much larger than theirs our output is, and whether that is at most the target, in percent. A
// target of 0 is none.
func larger(what string, ours, theirs *racer, target float64) row {
	our := median(ours.samples).output
	r := row{what: what, ours: mebibytes(our)}
	if target > 0 {
		r.target = fmt.Sprintf("≤ +%g %%", target)
	}
	if theirs.absent != nil {
		r.verdict = "not measured: " + theirs.absent.Error()
		return r
	}
	their := median(theirs.samples).output
	percent := 100 * (float64(our)/float64(their) - 1)
	r.theirs, r.ratio = mebibytes(their), fmt.Sprintf("%+.1f %%", percent)
	if target > 0 {
		r.verdict = verdict(percent <= target)
	}
	return r
}

// memory says whether the peak memory of a program is under the target, in bytes, and what theirs, which may be
// nil, takes.
func memory(what string, ours, theirs *racer, target int64) row {
	our := peak(ours.samples)
	r := row{what: what, ours: mebibytes(our), target: "< " + mebibytes(target), verdict: verdict(our < target)}
	if theirs != nil && theirs.absent == nil {
		r.theirs = mebibytes(peak(theirs.samples))
	}
	return r
}

// seconds says whether a program took less than the target. A target of 0 is none.
func seconds(what string, took, target float64) row {
	r := row{what: what, ours: fmt.Sprintf("%.2f s", took)}
	if target > 0 {
		r.target, r.verdict = fmt.Sprintf("< %.0f s", target), verdict(took < target)
	}
	return r
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "**MISSED**"
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
