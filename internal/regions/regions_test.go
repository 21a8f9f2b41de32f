package regions

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiforge/internal/store"
)

func TestRegion(t *testing.T) {
	f, err := Load("testdata/regions.json")
	if err != nil {
		t.Fatal(err)
	}
	both := []string{"hvm", "paravirtual"}
	tests := []struct {
		name string
		file *File
		want Region
	}{
		{"east", f, Region{
			Name: "east", Store: store.Location{Bucket: "east"}, Registry: "s3://east",
			Endpoint: "http://127.0.0.1:9000", S3Region: "us-east-1", Virtualization: []string{"hvm"},
		}},
		{"west", f, Region{
			Name: "west", Store: store.Location{Bucket: "west", Prefix: "bundles"}, Virtualization: both,
		}},
		{"us-east-1", f, Region{
			Name: "us-east-1", Store: store.Location{Dir: "/srv/us-east-1"},
			Registry: "/srv/registry", Virtualization: both,
		}},
		{"us-gov-west-1", f, Region{Name: "us-gov-west-1", Virtualization: both}},
		{"us-east-1", nil, Region{Name: "us-east-1", Virtualization: both}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.file.Region(tt.name)
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("err %v, -want +got:\n%s", err, diff)
			}
		})
	}
}

func TestRegionUnknown(t *testing.T) {
	file := &File{path: "r.json", regions: map[string]Region{"west": {}, "east": {}}}
	tests := []struct {
		name string
		file *File
		want string
	}{
		{"north", file, "region north: not one of AWS, and r.json has east, west"},
		{"us-east-10", file, "region us-east-10: not one of AWS, and r.json has east, west"},
		{"useast-1", &File{path: "r.json"}, "region useast-1: not one of AWS, and r.json has no region"},
		{"local", nil, "region local: not one of AWS, and there is no regions file (--regions FILE, AMI_REGIONS)"},
		{"", file, `Value ("") for parameter region`},
		{"East", nil, `Value ("East") for parameter region`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if r, err := tt.file.Region(tt.name); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %+v, %v, want an error with %s", r, err, tt.want)
			}
		})
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	bad, large := filepath.Join(dir, "bad.json"), filepath.Join(dir, "large.json")
	if err := os.WriteFile(bad, []byte("{\n]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, maxFile+1); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		bad: "bad.json: line 2: ", large: "large.json: larger than 16 MiB", dir: "is a directory",
	} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Load: %v, want an error with %q", err, want)
			}
			if _, err := LoadOrganizations(path); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("LoadOrganizations: %v, want an error with %q", err, want)
			}
		})
	}
	if _, err := Load(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}
