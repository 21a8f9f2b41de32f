//go:build !linux

package cli

import "os"

// isReadOnly knows no way to ask: the first write tells.
func isReadOnly(*os.File) bool { return false }
