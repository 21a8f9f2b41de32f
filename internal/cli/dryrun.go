package cli

import (
	"context"
	"errors"

	"amiforge/internal/regions"
	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// DryRunPassed ends a command under --dry-run: err is what the change that was not made came to. EC2's answer that
// it would have succeeded is a message and no error.
func (e *Env) DryRunPassed(err error) error {
	refusal, ok := errors.AsType[*registry.Error](err)
	if !e.DryRun || !ok || refusal.Code != registry.DryRunOperation {
		return err
	}
	e.Answerf("%s", refusal)
	return e.Result("", map[string]any{"DryRun": true})
}

// Rehearse calls change with the registry of a region, see OpenRegistryOf, opened so that it changes nothing, and returns
// what it has against the change. That is for commands that have long work to do before.
func (e *Env) Rehearse(ctx context.Context, region regions.Region, near store.Location, change func(registry.Engine) error) error {
	dry := e.DryRun
	e.DryRun = true
	engine, _, err := e.OpenRegistryOf(ctx, region, near)
	e.DryRun = dry
	if err != nil {
		return err
	}
	defer engine.Close()
	err = change(engine)
	refusal, ok := errors.AsType[*registry.Error](err)
	if ok && refusal.Code == registry.DryRunOperation {
		return nil
	}
	return err
}
