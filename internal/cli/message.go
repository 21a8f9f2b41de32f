package cli

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Notef prints a message for the user, which --quiet silences.
func (e *Env) Notef(format string, args ...any) {
	if !e.Quiet {
		e.message(fmt.Sprintf(format, args...))
	}
}

// Answerf prints what the user asked for, where standard output is taken for data. Nothing silences it.
func (e *Env) Answerf(format string, args ...any) { e.message(fmt.Sprintf(format, args...)) }

// Verbosef prints a message that only --verbose asks for.
func (e *Env) Verbosef(format string, args ...any) {
	if e.Verbose {
		e.message(fmt.Sprintf(format, args...))
	}
}

// Warnf prints a warning, which nothing silences.
func (e *Env) Warnf(format string, args ...any) {
	e.message("warning: " + fmt.Sprintf(format, args...))
}

// message prints text on standard error, each line under the binary's name. That standard error may be closed
// or full is no reason to end the work that the message is about.
func (e *Env) message(text string) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		fmt.Fprintf(&b, "%s: %s\n", e.Name, printable(strings.TrimRight(line, "\n")))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.bar != nil {
		e.bar.erase()
	}
	fmt.Fprint(e.Stderr, b.String())
}

// printable escapes control characters, so that what a server or a file name says cannot drive the terminal.
func printable(line string) string {
	if !strings.ContainsFunc(line, unicode.IsControl) {
		return line
	}
	var b strings.Builder
	for _, r := range line {
		if unicode.IsControl(r) && r != '\t' {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
