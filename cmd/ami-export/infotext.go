package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"

	"amiforge/diskimg"
	"amiforge/diskimg/inspect"
	"amiforge/internal/cli"
)

// text returns the description for people: a line for each thing that is known, and a table of the partitions.
func (d *description) text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, r := range d.rows() {
		if r.value != "" {
			fmt.Fprintf(w, "%s:\t%s\n", r.name, visible(r.value))
		}
	}
	w.Flush()
	if len(d.Disk.Partitions) > 0 {
		b.WriteString("\n")
		writePartitions(&b, d.Disk.Partitions)
	}
	return strings.TrimRight(b.String(), "\n")
}

type row struct{ name, value string }

func (d *description) rows() []row {
	kind := choice{format: d.Format, subformat: d.Subformat}
	rows := []row{
		{"file", d.File},
		{"format", kind.String()},
		{"virtual size", cli.Bytes(d.Size)},
		{"file size", cli.Bytes(d.FileSize)},
		{"on disk", cli.Bytes(d.DiskUsage)},
		{"allocated", cli.Bytes(d.Allocated)},
		{"block size", someBytes(d.BlockSize)},
		{"created by", d.Creator},
		{"created", date(d.Created)},
		{"uuid", d.UUID},
		{"content ID", d.CID},
		{"adapter", d.Adapter},
		{"hardware version", d.HW},
		{"geometry", geometry(d.CHS)},
		{"other files", strings.Join(d.Files, ", ")},
	}
	rows = append(rows, diskRows(d.Disk)...)
	for _, w := range append(d.Warnings[:len(d.Warnings):len(d.Warnings)], d.Disk.Warnings...) {
		rows = append(rows, row{"warning", w})
	}
	return rows
}

func diskRows(r *inspect.Report) []row {
	var rows []row
	if r.Table != nil {
		rows = append(rows, row{"partition table", join(string(r.Table.Kind), r.Table.UUID)})
	}
	if fs := r.FileSystem; fs != nil {
		rows = append(rows, row{"file system", join(fs.Type, fs.Version, quoted(fs.Label), fs.UUID)})
	}
	boots := string(r.Boot.Mode)
	if r.Boot.Loader != "" {
		boots += ", " + r.Boot.Loader
	}
	if r.Boot.Reason != "" {
		boots += ": " + r.Boot.Reason
	}
	return append(rows, row{"boots", boots})
}

func writePartitions(out io.Writer, list []inspect.Partition) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PARTITION\tSTART\tSIZE\tTYPE\tNAME\tFILE SYSTEM\tLABEL\tUUID")
	for _, p := range list {
		kind := p.TypeName
		if kind == "" {
			kind = p.Type
		}
		fs := p.FileSystem
		if fs == nil {
			fs = &inspect.FileSystem{}
		}
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Index, p.Start, humanize.IBytes(uint64(p.Size)),
			visible(kind), visible(p.Name), fs.Type, visible(fs.Label), fs.UUID)
	}
	w.Flush()
}

func someBytes(n int64) string {
	if n == 0 {
		return ""
	}
	return cli.Bytes(n)
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func geometry(g *diskimg.CHS) string {
	if g == nil {
		return ""
	}
	return fmt.Sprintf("%d cylinders, %d heads, %d sectors", g.Cylinders, g.Heads, g.Sectors)
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return fmt.Sprintf("%q", s)
}

// join joins what is not empty.
func join(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

// visible replaces what could steer a terminal, or break the table.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
