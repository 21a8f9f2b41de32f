package auditing

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"amiforge/internal/audit"
	"amiforge/internal/auditreport"
	"amiforge/internal/cli"
	"amiforge/internal/registry"
)

// A refusal names the errors, as many as fit, and leaves out what is no error.
func TestRefusal(t *testing.T) {
	for n, want := range map[int]int{1: 2, refusalLines: refusalLines + 1, refusalLines + 1: refusalLines + 2, 500: refusalLines + 2} {
		r := &refusal{verdict: "not made public", source: "store/image.manifest.xml", counts: auditreport.Counts{Errors: n}, failOn: audit.Error, hint: "ami-audit x"}
		r.findings = append(r.findings, audit.Finding{Rule: "LOGS", Severity: audit.Warning, Path: "/var/log/a"})
		for i := range n {
			r.findings = append(r.findings, audit.Finding{Rule: "HISTORY", Severity: audit.Error, Path: fmt.Sprintf("/%d", i)})
		}
		lines := strings.Split(r.Error(), "\n")
		if len(lines) != want || strings.Contains(r.Error(), "LOGS") || !errors.Is(r, cli.ErrAudit) {
			t.Errorf("%d errors: %d lines, want %d:\n%s", n, len(lines), want, r)
		}
	}
}

// EC2's images of snapshots have no bundle.
func TestHasBundle(t *testing.T) {
	for _, tt := range []struct {
		image registry.Image
		want  bool
	}{
		{registry.Image{RootDeviceType: "instance-store", Location: "s3://bucket/web/image.manifest.xml"}, true},
		{registry.Image{RootDeviceType: "ebs", Location: "123456789012/web"}, false},
		{registry.Image{RootDeviceType: "instance-store"}, false},
	} {
		if err := HasBundle(tt.image); (err == nil) != tt.want {
			t.Errorf("%+v: %v", tt.image, err)
		}
	}
}

func TestFacts(t *testing.T) {
	facts := factsOfImage(registry.Image{
		Name: "web-1", Description: "web", VirtualizationType: "hvm", Architecture: "arm64",
		Tags: []registry.Tag{{Key: "contact", Value: "web@example.com"}}, ProductCodes: []registry.ProductCode{{ID: "774F4FF8"}},
		BlockDevices: []registry.BlockDevice{
			{DeviceName: "/dev/sdb", VirtualName: "ephemeral0"},
			{DeviceName: "/dev/sdc", EBS: &registry.EBS{}},
			{DeviceName: "/dev/sdd", EBS: &registry.EBS{Encrypted: true}},
		},
	})
	m := facts.Meta
	if facts.Virtualization != "hvm" || facts.Architecture != "arm64" || m.Name != "web-1" || m.Description != "web" ||
		m.Tags["contact"] != "web@example.com" || fmt.Sprint(m.EncryptedVolumes, m.ProductCodes) != "[/dev/sdd] [774F4FF8]" {
		t.Errorf("%+v, %+v", facts, m)
	}
}
