package cli

import (
	"errors"

	"amiforge/internal/registry"
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
