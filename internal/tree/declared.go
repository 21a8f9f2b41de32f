package tree

import (
	"context"
	"errors"
	"io"
)

var errStub = errors.ErrUnsupported

// ArchiveOptions say how OpenArchive reads. Nil means the defaults.
type ArchiveOptions struct {
	// Warn is told of what in the archive is not understood and left out. Nil ignores it.
	Warn func(message string)
}

// OpenArchive reads the tar archive r, plain or compressed, that errors call name.
func OpenArchive(ctx context.Context, r io.Reader, name string, opts *ArchiveOptions) (Source, error) {
	return nil, errStub
}

// SecretOptions say what FilterSecrets does. Nil means the defaults.
type SecretOptions struct {
	// Include has what stays whatever it is. Nil includes nothing.
	Include *Selection

	// Report is told what was left out. Nil ignores it.
	Report func(Filtered)
}

// Filtered is a file that FilterSecrets left out.
type Filtered struct{ Name, Reason string }

// FilterSecrets leaves secrets out of src.
func FilterSecrets(src Source, opts *SecretOptions) Source { return src }
