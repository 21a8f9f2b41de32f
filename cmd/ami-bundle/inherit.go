package main

import (
	"context"
	"fmt"

	"amiforge/bundle"
	"amiforge/internal/cli"
	"amiforge/internal/instance"
)

// inheritFromInstance takes over what the instance that this runs on was started with. What flags say wins.
func (o *options) inheritFromInstance(ctx context.Context, e *cli.Env, opts *bundle.CreateOptions) error {
	if !o.inherit {
		return nil
	}
	m, err := instance.Fetch(ctx)
	if err != nil {
		return fmt.Errorf("--inherit: %w", err)
	}
	for _, dropped := range m.Dropped {
		e.Notef("block device %s; it is not inherited", dropped)
	}
	opts.Ancestry = m.Ancestry
	if opts.Machine.KernelID == "" {
		opts.Machine.KernelID = m.KernelID
	}
	if opts.Machine.RamdiskID == "" {
		opts.Machine.RamdiskID = m.RamdiskID
	}
	if len(opts.Machine.ProductCodes) == 0 {
		opts.Machine.ProductCodes = m.ProductCodes
	}
	if len(opts.Machine.BlockDevices) == 0 {
		opts.Machine.BlockDevices = m.BlockDevices
	}
	if err := opts.Check(); err != nil {
		return fmt.Errorf("--inherit: %w", err)
	}
	return nil
}
