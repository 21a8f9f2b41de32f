package main

import (
	"fmt"
	"io"
	"os"

	"amiforge/diskimg/partition"
	"amiforge/internal/cli"
)

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
		err = fmt.Errorf("%s: is longer than %s", path, cli.Bytes(most))
	}
	return content, err
}
