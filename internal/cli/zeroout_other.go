//go:build !linux

package cli

import (
	"errors"
	"os"
)

// zeroOut is only known on Linux.
func zeroOut(*os.File, int64, int64) error { return errors.ErrUnsupported }
