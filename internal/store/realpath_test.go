package store

import (
	"os"
	"path/filepath"
	"testing"
)

// However a directory is reached, and whether it is there or not.
func TestReal(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o700); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"link": "real", "self": "self"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for path, want := range map[string]string{
		".":                                "",
		"real":                             "real",
		"link":                             "real",
		"link/new/store":                   "real/new/store",
		filepath.Join(dir, "link"):         "real",
		filepath.Join(dir, "real/../new"):  "new",
		filepath.Join(dir, "link", "new/"): "real/new",
		"link/../file":                     "file",
	} {
		got, err := Location{Dir: path}.Real()
		if want := (Location{Dir: filepath.Join(dir, want)}); err != nil || got != want {
			t.Errorf("%s is %s, want %s: %v", path, got, want, err)
		}
	}
	for _, path := range []string{"self", "self/new", "file/new"} {
		if got, err := (Location{Dir: path}).Real(); err == nil {
			t.Errorf("%s is %s, want an error", path, got)
		}
	}
	bucket := Location{Bucket: "bucket", Prefix: "a/b"}
	if got, err := bucket.Real(); err != nil || got != bucket {
		t.Errorf("%s is %s: %v", bucket, got, err)
	}
}
