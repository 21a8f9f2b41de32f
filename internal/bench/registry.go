package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// listLimit is how long a listing of 50,000 images in a bucket may take.
const listLimit = 3 * time.Second

// registering measures registries of several sizes on each engine, by the benchmark of the package, which starts the
// servers: every operation on an engine of its own, over connections that are there.
func (b *bench) registering(ctx context.Context, _ string, t *table) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkRegistry$",
		"-benchtime", fmt.Sprintf("%dx", registryRuns), "-timeout", "30m", "./internal/registry")
	logf("loading registries of up to 50,000 images; that takes some minutes")
	text, err := cmd.CombinedOutput()
	if err != nil {
		return errors.Join(context.Cause(ctx), fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, text))
	}
	rows := registryRows(string(text))
	if len(rows) == 0 {
		return fmt.Errorf("%s: no results\n%s", strings.Join(cmd.Args, " "), text)
	}
	t.add(rows...)
	return nil
}

// registryRuns is how often each operation is measured: the row is their mean.
const registryRuns = 5

var registryLine = regexp.MustCompile(`(?m)^BenchmarkRegistry/(\w+)/(\d+)/(\w+)\S*\s+\d+\s+(\d+) ns/op`)

// registryRows returns a row for each operation and size, from what go test prints.
func registryRows(text string) []row {
	var rows []row
	for _, match := range registryLine.FindAllStringSubmatch(text, -1) {
		engine, images, what := match[1], match[2], match[3]
		n, _ := strconv.ParseInt(match[4], 10, 64) // digits
		limit := time.Duration(0)
		if engine == "s3" && images == "50000" && what == "list" {
			limit = listLimit
		}
		rows = append(rows, operation(fmt.Sprintf("%s, %s images, %s", engine, images, what), time.Duration(n), limit))
	}
	return rows
}

// operation says how long an operation takes, and whether that is within the limit. A limit of 0 is none.
func operation(what string, d, limit time.Duration) row {
	r := row{what: what, ours: fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))}
	if d >= time.Second {
		r.ours = fmt.Sprintf("%.2f s", d.Seconds())
	}
	if limit > 0 {
		r.target, r.verdict = fmt.Sprintf("< %.0f s", limit.Seconds()), verdict(d < limit)
	}
	return r
}
