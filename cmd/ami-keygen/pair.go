package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"amiforge/internal/cli"
)

// checkFree refuses what stands under either name, before the work of making a key.
func (r result) checkFree() error {
	for _, path := range []string{r.PrivateKey, r.Certificate} {
		if _, err := os.Lstat(path); err == nil {
			return taken(path)
		}
	}
	return nil
}

// write makes both files or neither. The key appears last.
func (r result) write(key, cert []byte) error {
	if err := os.MkdirAll(filepath.Dir(r.PrivateKey), 0o700); err != nil {
		return err
	}
	if err := writeNew(r.Certificate, cert, 0o644); err != nil {
		return err
	}
	if err := writeNew(r.PrivateKey, key, 0o600); err != nil {
		return errors.Join(err, os.Remove(r.Certificate))
	}
	return nil
}

func writeNew(path string, content []byte, mode os.FileMode) error {
	f, err := cli.CreateFile(path, cli.FileOptions{Mode: mode})
	if errors.Is(err, fs.ErrExist) {
		return taken(path)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(content); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Commit(); errors.Is(err, fs.ErrExist) {
		return taken(path)
	} else if err != nil {
		return err
	}
	return nil
}

func taken(path string) error {
	return fmt.Errorf("%s already exists, and keys are never overwritten: choose another directory or remove it by hand", path)
}
