package imagecopy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"amiforge/internal/registry"
)

// Check tells whether the source can be copied: its manifest names nothing that is refused, and all parts are there and
// may be read. Who may not read them gets EC2's error, see Denied.
func (c *Copy) Check(ctx context.Context) error {
	err := c.Bundle.CheckCopy(manifestName, c.options())
	if err == nil {
		err = c.Bundle.CheckParts(ctx)
	}
	if err != nil {
		return Denied(c.Source, fmt.Errorf("%s: %w", c.Source.Location, err))
	}
	return nil
}

// Denied returns err, which came of reading the bundle of the image, as EC2's InvalidRequest where it says that
// reading is not permitted. It stays what it was, too.
func Denied(image registry.Image, err error) error {
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	refusal := &registry.Error{
		Code:    registry.InvalidRequest,
		Message: "You do not have permission to access the storage of this ami",
		IDs:     []string{image.ID},
	}
	return fmt.Errorf("%w: %w", refusal, err)
}

// Rehearse ends with registry.ErrDryRun where Run would begin. The engine must be one for dry runs: nothing changes.
func (c *Copy) Rehearse(ctx context.Context) error {
	_, err := c.enter(ctx)
	if err == nil { // a pending copy is there to go on with
		return registry.ErrDryRun
	}
	return err
}
