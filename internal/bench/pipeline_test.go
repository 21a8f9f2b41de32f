package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amiforge/internal/oracle"
)

// TestPipelines restores with one pipeline what another one bundled.
func TestPipelines(t *testing.T) {
	for _, compressor := range []string{"gzip -9", "pigz -6"} {
		t.Run(compressor, func(t *testing.T) {
			for _, tool := range []string{"bash", "tar", "openssl", "gunzip", compressor[:4]} {
				oracle.Look(t, tool)
			}
			image := filepath.Join(t.TempDir(), "a disk.raw")
			if err := makeScattered(image, 64<<20); err != nil {
				t.Fatal(err)
			}
			s := secret{key: strings.Repeat("1f", 16), iv: strings.Repeat("e0", 16)}
			out, back := t.TempDir(), t.TempDir()
			oracle.Output(t, bundlePipeline(t.Context(), compressor, image, out, s))
			parts, err := filepath.Glob(filepath.Join(out, "image.part.*"))
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(parts)
			oracle.Output(t, unbundlePipeline(t.Context(), parts, back, s))
			if err := compare(image, filepath.Join(back, "a disk.raw")); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPipelineFails sees a stage that fails end the whole pipeline.
func TestPipelineFails(t *testing.T) {
	for _, tool := range []string{"bash", "tar", "openssl", "gunzip"} {
		oracle.Look(t, tool)
	}
	s := secret{key: strings.Repeat("1f", 16), iv: strings.Repeat("e0", 16)}
	cmd := bundlePipeline(t.Context(), "gzip -9", filepath.Join(t.TempDir(), "absent.raw"), t.TempDir(), s)
	if _, err := measure(t.Context(), "bundle", cmd); err == nil {
		t.Error("bundling a missing image: no error")
	}
	cmd = unbundlePipeline(t.Context(), []string{"/dev/null"}, t.TempDir(), s)
	if _, err := measure(t.Context(), "unbundle", cmd); err == nil {
		t.Error("unbundling nothing: no error")
	}
}
