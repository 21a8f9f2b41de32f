package auditing

import (
	"bytes"
	"context"
	"crypto/sha1"
	"fmt"
	"io"

	"amiforge/bundle"
	"amiforge/internal/auditreport"
	"amiforge/internal/cli"
	"amiforge/manifest"
)

// readReport reads a report from a file or from s3://bucket/key.
func readReport(ctx context.Context, e *cli.Env, location string) ([]byte, error) {
	object, err := cli.OpenObject(ctx, location, e.StoreConfig())
	if err != nil {
		return nil, err
	}
	r, size, err := object.Store.Open(ctx, object.Name)
	if err != nil {
		return nil, fmt.Errorf("--audited-by: %w", err)
	}
	defer r.Close()
	if size > auditreport.MaxSize {
		return nil, fmt.Errorf("%s is %s long, too long for a report", location, cli.Bytes(size))
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, fmt.Errorf("%s: %w", location, err)
	}
	return text, nil
}

// StoreReport puts a report in JSON beside the manifest of the bundle that it is about, and returns its location.
func StoreReport(ctx context.Context, object cli.Object, report *auditreport.Report) (string, error) {
	text, err := auditreport.Marshal(report)
	if err != nil {
		return "", err
	}
	name := bundle.ReportName(object.Name)
	sum := manifest.Digest(sha1.Sum(text))
	if err := object.Store.Put(ctx, name, bytes.NewReader(text), int64(len(text)), sum); err != nil {
		return "", err
	}
	return object.Location.Object(name), nil
}
