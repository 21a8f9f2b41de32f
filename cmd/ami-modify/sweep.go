package main

import (
	"context"
	"errors"
	"strings"

	"amiforge/internal/cli"
	"amiforge/internal/registry"
)

// sweep prints which images lost their public share, or would, also where others could not be read or changed.
func sweep(ctx context.Context, e *cli.Env, engine registry.Engine, by registry.Caller) error {
	swept, failed := engine.Sweep(ctx, by, e.DryRun)
	if len(swept) == 0 && failed != nil {
		return failed
	}
	var ids []string
	for _, m := range swept {
		ids = append(ids, m.ID)
	}
	listing := &registry.Listing{Images: swept, Unreadable: each(failed)}
	return errors.Join(failed, e.Result(strings.Join(ids, "\n"), listing.Document()))
}

// each returns the errors that err joins.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
