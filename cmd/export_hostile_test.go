package cmd_test

import "testing"

// TestExportHostile runs ami-export on every hostile bundle of the vectors: it refuses what ami-unbundle refuses, and
// leaves nothing behind, whatever the format.
func TestExportHostile(t *testing.T) {
	for name := range hostileCases(t) {
		t.Run(name, func(t *testing.T) {
			b, manifest := hostileBench(t, name)
			status := b.run("ami-unbundle", "-m", manifest, "-o", "restored").status
			for _, format := range []string{"raw", "vmdk"} {
				b.hostile(status, "out", "ami-export", manifest, "-f", format, "-o", "out/disk."+format)
				if b.exists("out/disk."+format) != (status == 0) || status != 0 && b.names("out") != "" {
					t.Errorf("in the output directory: %q", b.names("out"))
				}
			}
			b.hostile(status, "out", "ami-export", manifest, "-f", "vhd", "-o", "-")
		})
	}
}
