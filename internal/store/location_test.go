package store_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"amiforge/internal/store"
)

func TestParseLocation(t *testing.T) {
	tests := []struct {
		in     string
		want   store.Location
		string string
	}{
		{"s3://bucket", store.Location{Bucket: "bucket"}, "s3://bucket/"},
		{"s3://bucket/", store.Location{Bucket: "bucket"}, "s3://bucket/"},
		{"s3://bucket/web", store.Location{Bucket: "bucket", Prefix: "web"}, "s3://bucket/web"},
		{"s3://bucket/web/", store.Location{Bucket: "bucket", Prefix: "web"}, "s3://bucket/web"},
		{"s3://bucket/a b/é;&", store.Location{Bucket: "bucket", Prefix: "a b/é;&"}, "s3://bucket/a b/é;&"},
		{"s3://Old_Bucket.1/.registry/v1", store.Location{Bucket: "Old_Bucket.1", Prefix: ".registry/v1"}, "s3://Old_Bucket.1/.registry/v1"},
		{"out", store.Location{Dir: "out"}, "out"},
		{"out/", store.Location{Dir: "out"}, "out"},
		{"./out//x", store.Location{Dir: "out/x"}, "out/x"},
		{"/", store.Location{Dir: "/"}, "/"},
		{".", store.Location{Dir: "."}, "."},
	}
	for _, test := range tests {
		got, err := store.ParseLocation(test.in)
		if err != nil || got != test.want || got.String() != test.string {
			t.Errorf("ParseLocation(%q) = %+v (%s), %v; want %+v", test.in, got, got, err, test.want)
		}
		if again, err := store.ParseLocation(got.String()); err != nil || again != got {
			t.Errorf("%q does not parse as itself: %+v, %v", got, again, err)
		}
	}
}

func TestParseLocationRefuses(t *testing.T) {
	for _, in := range []string{
		"", "s3://", "s3:///x", "s3://ab", "s3://bucket//", "s3://bucket//x", "s3://bucket/a//b", "s3://bucket/a/../b", "s3://bucket/..",
		"s3://bucket/./x", "s3://bucket/a\nb", "s3://bucket/a\x00", "s3://bucket/a\xff", "s3://-bucket/x", "s3://bucket-/x",
		"s3://buc..ket/x", "s3://buc ket/x", "s3://192.168.1.1/x", "s3://" + strings.Repeat("x", 64), "s3://bücket/x",
		"s3://bucket/" + strings.Repeat("x", 1025), "https://bucket.s3.amazonaws.com/x", "S3://bucket", "gs://bucket/x", "a\x00b",
	} {
		if got, err := store.ParseLocation(in); err == nil {
			t.Errorf("ParseLocation(%.40q) = %+v, want an error", in, got)
		}
	}
}

func TestBucketLocation(t *testing.T) {
	for in, want := range map[string]store.Location{
		"bucket":          {Bucket: "bucket"},
		"bucket/web":      {Bucket: "bucket", Prefix: "web"},
		"bucket/web/":     {Bucket: "bucket", Prefix: "web"},
		"s3://bucket/web": {Bucket: "bucket", Prefix: "web"},
		"./bucket":        {Dir: "bucket"},
		"../bucket":       {Dir: "../bucket"},
		"/srv/x":          {Dir: "/srv/x"},
		".":               {Dir: "."},
		"..":              {Dir: ".."},
	} {
		if got, err := store.BucketLocation(in); err != nil || got != want {
			t.Errorf("BucketLocation(%q) = %+v, %v; want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "x", "buck et", "bucket//x", "bucket/../x", "https://x", ".hidden/x"} {
		if got, err := store.BucketLocation(in); err == nil {
			t.Errorf("BucketLocation(%q) = %+v, want an error", in, got)
		}
	}
}

func TestSplitObject(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, err := range []error{
		os.Mkdir("web", 0o700),
		os.WriteFile("web/there.manifest.xml", nil, 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		in   string
		dir  store.Location
		name string
	}{
		{"s3://bucket/web/image.manifest.xml", store.Location{Bucket: "bucket", Prefix: "web"}, "image.manifest.xml"},
		{"s3://bucket/a/b/c", store.Location{Bucket: "bucket", Prefix: "a/b"}, "c"},
		{"s3://bucket/image.manifest.xml", store.Location{Bucket: "bucket"}, "image.manifest.xml"},
		{"web/there.manifest.xml", store.Location{Dir: "web"}, "there.manifest.xml"},
		{"image.manifest.xml", store.Location{Dir: "."}, "image.manifest.xml"},
		{"./web/none.manifest.xml", store.Location{Dir: "web"}, "none.manifest.xml"},
		{"/srv/none.manifest.xml", store.Location{Dir: "/srv"}, "none.manifest.xml"},
		{"/none", store.Location{Dir: "/"}, "none"},
		{"web/none", store.Location{Dir: "web"}, "none"},
	}
	for _, test := range tests {
		dir, name, err := store.SplitObject(test.in)
		if err != nil || dir != test.dir || name != test.name {
			t.Errorf("SplitObject(%q) = %+v, %q, %v; want %+v, %q", test.in, dir, name, err, test.dir, test.name)
		}
	}
	for _, in := range []string{"", "/", ".", "..", "web/", "s3://bucket", "s3://bucket/", "s3://bucket/web/", "s3://bucket//x", "web/.."} {
		if dir, name, err := store.SplitObject(in); err == nil {
			t.Errorf("SplitObject(%q) = %+v, %q, want an error", in, dir, name)
		}
	}
	_, _, err := store.SplitObject("web/none.manifest.xml")
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "write s3://web/none.manifest.xml") {
		t.Errorf("got %v, want the advice to write s3://", err)
	}
}

func TestLocationObject(t *testing.T) {
	for want, l := range map[string]store.Location{
		"s3://bucket/web/x": {Bucket: "bucket", Prefix: "web"},
		"s3://bucket/x":     {Bucket: "bucket"},
		"out/x":             {Dir: "out"},
	} {
		if got := l.Object("x"); got != want {
			t.Errorf("Object(x) of %v = %q, want %q", l, got, want)
		}
	}
}

func TestLocationErrorsHideLogins(t *testing.T) {
	for _, in := range []string{"postgres://me:hunter2@host/db", "https://me:hunter2@x:9000/b@c", "ftp://hunter2@host"} {
		_, err := store.ParseLocation(in)
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "://…@") {
			t.Errorf("ParseLocation(%q): %v", in, err)
		}
	}
}
