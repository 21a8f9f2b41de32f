package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiforge/internal/regions"
	"amiforge/internal/store"
)

func TestForeignStores(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "one"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	const near, far = `, "endpoint": "http://near.example"`, `, "endpoint": "http://far.example"`
	for name, tt := range map[string]struct {
		others   string // DIR stands for dir
		registry string // AMI_REGISTRY
		want     []string
	}{
		"itself alone":       {},
		"same registry":      {others: `"b": {"store": "s3://bbb", "registry": "DIR/one"}`},
		"same, spelled":      {others: `"b": {"store": "s3://bbb", "registry": "DIR/./link/"}`},
		"same, by variable":  {others: `"b": {"store": "s3://bbb"}`, registry: "DIR/one"},
		"other":              {others: `"b": {"store": "DIR/link/b", "registry": "DIR/two"}`, want: []string{"DIR/one/b"}},
		"other, linked":      {others: `"b": {"store": "DIR/link", "registry": "DIR/two"}`, want: []string{"DIR/one"}},
		"other, a database":  {others: `"b": {"store": "DIR/two", "registry": "postgres://me@host/db"}`, want: []string{"DIR/two"}},
		"other, by default":  {others: `"b": {"store": "s3://bbb/c"}`, want: []string{"s3://bbb/c"}},
		"other, by variable": {others: `"b": {"store": "s3://bbb"}`, registry: "DIR/two", want: []string{"s3://bbb/"}},
		"server of the environment": {
			others: `"b": {"store": "s3://bbb"` + near + `}, "c": {"store": "s3://ccc"` + far + `}`,
			want:   []string{"s3://bbb/"},
		},
		"two": {
			others: `"b": {"store": "s3://bbb"}, "c": {"store": "DIR/two"}`,
			want:   []string{"s3://bbb/", "DIR/two"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inDir := func(s string) string { return strings.ReplaceAll(s, "DIR", dir) }
			text := `{"a": {"store": "DIR/one", "registry": "DIR/one"}`
			if tt.others != "" {
				text += ", " + tt.others
			}
			path := filepath.Join(t.TempDir(), "regions")
			if err := os.WriteFile(path, []byte(inDir(text+"}")), 0o600); err != nil {
				t.Fatal(err)
			}
			e := &Env{Registry: inDir(tt.registry), Getenv: func(name string) string {
				return map[string]string{"AMI_REGIONS": path, "AWS_ENDPOINT_URL": "http://near.example"}[name]
			}}
			region, err := e.FindRegion("a")
			if err != nil {
				t.Fatal(err)
			}
			foreign, err := e.ForeignStores(region, inDir("DIR/one"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(inDir(strings.Join(tt.want, " ")), strings.Trim(fmt.Sprint(foreign), "[]")); diff != "" {
				t.Errorf("foreign (-want +got):\n%s", diff)
			}
		})
	}
}

// Two regions on two servers have their registry in the bucket of a third, which says where that is.
func TestForeignStoresShareRegistry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "regions")
	text := `{"a": {"store": "s3://aaa", "registry": "s3://ccc", "endpoint": "http://a.example"},
		"b": {"store": "/b", "registry": "s3://ccc", "endpoint": "http://b.example"},
		"c": {"store": "s3://ccc", "endpoint": "http://c.example"}}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := &Env{Getenv: func(name string) string { return map[string]string{"AMI_REGIONS": path}[name] }}
	region, err := e.FindRegion("a")
	if err != nil {
		t.Fatal(err)
	}
	if foreign, err := e.ForeignStores(region, "s3://ccc/"); err != nil || len(foreign) > 0 {
		t.Errorf("%v, %v", foreign, err)
	}
}

// The registry that a flag names is another one than that of the region whose store is looked through.
func TestForeignStoresOwnRegion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "regions")
	text := `{"a": {"store": "s3://aaa", "registry": "s3://bbb"}, "c": {"store": "s3://ccc"}}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := &Env{Registry: "s3://ccc", Getenv: func(name string) string { return map[string]string{"AMI_REGIONS": path}[name] }}
	foreign, err := e.ForeignStores(regions.Region{Name: "a"}, "s3://ccc/")
	if diff := cmp.Diff([]store.Location{{Bucket: "aaa"}}, foreign); diff != "" || err != nil {
		t.Errorf("%v, foreign (-want +got):\n%s", err, diff)
	}
}

// The buckets on the server of what is looked through count, too.
func TestForeignStoresOfRoots(t *testing.T) {
	path := filepath.Join(t.TempDir(), "regions")
	text := `{"a": {"store": "s3://aaa", "endpoint": "http://far.example"},
		"b": {"store": "s3://bbb", "endpoint": "http://far.example"}}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := &Env{Getenv: func(name string) string { return map[string]string{"AMI_REGIONS": path}[name] }}
	foreign, err := e.ForeignStores(regions.Region{}, "s3://aaa/", store.Location{Bucket: "aaa", Prefix: "web"})
	if diff := cmp.Diff([]store.Location{{Bucket: "bbb"}}, foreign); diff != "" || err != nil {
		t.Errorf("%v, foreign (-want +got):\n%s", err, diff)
	}
}

func TestStoreConfigAt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "regions")
	text := `{"east": {"store": "s3://one/east", "endpoint": "http://east.example"},
		"west": {"store": "s3://one/west", "endpoint": "http://west.example"},
		"far": {"store": "s3://one", "endpoint": "http://far.example"},
		"two": {"store": "s3://two/deep", "endpoint": "http://two.example"}}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := &Env{Getenv: func(name string) string { return map[string]string{"AMI_REGIONS": path}[name] }}
	far, err := e.FindRegion("far")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		region   regions.Region
		location store.Location
		want     string
	}{
		{far, store.Location{Bucket: "one", Prefix: "west"}, "http://far.example"},
		{regions.Region{}, store.Location{Bucket: "one", Prefix: "west/web"}, "http://west.example"},
		{regions.Region{}, store.Location{Bucket: "one", Prefix: "web"}, "http://far.example"},
		{far, store.Location{Bucket: "two"}, "http://two.example"},
		{far, store.Location{Bucket: "three"}, "http://far.example"},
		{regions.Region{}, store.Location{Bucket: "three"}, "https://s3.amazonaws.com"},
		{far, store.Location{Dir: "/one"}, "http://far.example"},
	} {
		cfg, err := e.StoreConfigAt(tt.region, tt.location)
		if err != nil {
			t.Fatal(err)
		}
		if server, err := cfg.Server(); err != nil || server != tt.want {
			t.Errorf("%s for %q is on %s (%v), want %s", tt.location, tt.region.Name, server, err, tt.want)
		}
	}
}
