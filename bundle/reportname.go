package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// ReportName returns the name of the report of an audit that may lie beside a manifest and goes with it:
// image.audit.json beside image.manifest.xml.
func ReportName(manifest string) string {
	name := strings.TrimSuffix(manifest, ".encrypted")
	name = strings.TrimSuffix(name, ManifestName(""))
	if name == "" {
		name = manifest
	}
	return name + ".audit.json"
}

// RemoveReport deletes the report beside the manifest called name, if there is one.
func RemoveReport(ctx context.Context, st Store, name string) error {
	report := ReportName(name)
	if err := st.Remove(ctx, report); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", report, err)
	}
	return nil
}
