package audit

import (
	"testing"
	"testing/fstest"

	"amiforge/diskimg/ext4"
	"amiforge/internal/rootfs"

	"github.com/google/go-cmp/cmp"
)

// A capableFS has capabilities on all files that run.
type capableFS struct{ fstest.MapFS }

func (c capableFS) Entry(name string) (*ext4.Entry, error) {
	return &ext4.Entry{Xattrs: []ext4.Xattr{{Name: "security.capability", Value: []byte{1}}}}, nil
}

// Capabilities let a program do what only root may, without the bit for its owner.
func TestCapabilities(t *testing.T) {
	program, text := file("program"), file("text")
	program.Mode = 0o755
	tree := capableFS{fstest.MapFS{"opt/x": program, "opt/text": text, "usr/bin/ping": program, "usr/bin/python3": program}}
	report, err := Run(t.Context(), &Image{Root: rootfs.New(tree)}, &Options{Skip: others("BACKDOOR")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range report.Findings {
		got = append(got, f.Path+": "+f.Message)
	}
	want := []string{
		"/opt/x: it runs with capabilities of root whoever starts it, and is of no package that is known",
		"/usr/bin/python3: it runs with capabilities of root whoever starts it, which lets everybody do as they do",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
