package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"amiforge/bundle"
	"amiforge/diskimg/partition"
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

// maxFstab is the longest table of file systems that is taken, in bytes.
const maxFstab = 1 << 20

// readVolumeFiles reads the small files that flags name.
func (o *options) readVolumeFiles() (err error) {
	if o.fstab != "" {
		if o.fstabContent, err = readSmall(o.fstab, maxFstab); err != nil {
			return fmt.Errorf("--fstab: %w", err)
		}
	}
	if o.bootCode == "" {
		return nil
	}
	const most = 1 << 20 // what CheckBootCode takes at most
	if o.bootCodeContent, err = readSmall(o.bootCode, most); err == nil {
		err = partition.CheckBootCode(o.partitionKind, o.bootCodeContent)
	}
	if err != nil {
		return fmt.Errorf("--boot-code: %w", err)
	}
	return nil
}

// readSmall reads a file of at most so many bytes.
func readSmall(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(content)) > most {
		err = errors.New("is longer than " + cli.Bytes(most))
		err = fmt.Errorf("%s: %w", path, err)
	}
	return content, err
}
