package regions

import (
	"os"
	"path/filepath"
	"testing"

	"amiforge/internal/store"
)

func place(t *testing.T, text string) store.Location {
	t.Helper()
	loc, err := store.ParseLocation(text)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// "A public AMI launches only in the region holding it": where its files are.
func TestRow65RegionIsWhereTheBundleIs(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(dir, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	regions, err := parseRegions([]byte(`{"east": {"store": "s3://east"}, "west": {"store": "s3://one/west"},
		"far-west": {"store": "s3://one/west/far"}, "here": {"store": "` + filepath.Join(dir, "link", "here") + `"},
		"new": {"store": "` + filepath.Join(dir, "link", "new") + `"}, "root": {"store": "/"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "here"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := &File{regions: regions}
	for location, want := range map[string]string{
		"s3://east":                        "east",
		"s3://east/a/b":                    "east",
		"s3://eastern/a":                   "",
		"s3://one/west/web":                "west",
		"s3://one/west/far":                "far-west",
		"s3://one/west/far/web":            "far-west",
		"s3://one/western":                 "",
		"s3://one":                         "",
		filepath.Join(dir, "here", "web"):  "here",
		filepath.Join(dir, "here"):         "here",
		filepath.Join(dir, "link", "here"): "here",
		filepath.Join(dir, "new", "web"):   "new",
		"/somewhere/else":                  "root",
	} {
		found, ok := file.Of(place(t, location))
		if found.Name != want || ok != (want != "") {
			t.Errorf("%s is in region %q, want %q", location, found.Name, want)
		}
	}
	if _, ok := (*File)(nil).Of(place(t, "s3://east")); ok {
		t.Error("without a file a location has a region")
	}
	aws := Region{Name: "us-east-1"}
	if !aws.Holds(place(t, "s3://any")) || aws.Holds(place(t, dir)) {
		t.Error("a region of AWS holds what is not in a bucket, or not what is")
	}
}

func TestInBucket(t *testing.T) {
	regions, err := parseRegions([]byte(`{"west": {"store": "s3://one/west"}, "east": {"store": "s3://one/east"}, "here": {"store": "here"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := (&File{regions: regions}).InBucket("one"); !ok || r.Name != "east" {
		t.Errorf("bucket one is of region %q", r.Name)
	}
	for _, file := range []*File{{regions: regions}, nil} {
		if r, ok := file.InBucket("two"); ok {
			t.Errorf("bucket two is of region %s", r.Name)
		}
	}
}
