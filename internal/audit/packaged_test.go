package audit

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/fstest"

	"amiforge/internal/rootfs"

	"github.com/google/go-cmp/cmp"
)

// rpmDatabase is that of which internal/rpmdb/testdata tells.
func rpmDatabase(t *testing.T) []byte {
	t.Helper()
	f, err := os.Open("../rpmdb/testdata/rpmdb.sqlite.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What a package has brought is everybody's, and what somebody has put beside it is not.
func TestPackaged(t *testing.T) {
	const secret = "AKIAQ3EGVLH2TYX5MRWB\n"
	db := rpmDatabase(t)
	for name, lists := range map[string]fstest.MapFS{
		"dpkg":                 {"var/lib/dpkg/info/p3.list": {Data: []byte("/.\n/usr/share/p3/d1/file-1\n")}},
		"apk":                  {"lib/apk/db/installed": {Data: []byte("P:p3\nV:1\nF:usr/share/p3/d1\nR:file-1\nZ:Q1x\n\n")}},
		"pacman":               {"var/lib/pacman/local/p3-1/files": {Data: []byte("%FILES%\nusr/share/p3/d1/\nusr/share/p3/d1/file-1\n")}},
		"rpm":                  {"var/lib/rpm/rpmdb.sqlite": {Data: db}},
		"rpm, where it is now": {"usr/lib/sysimage/rpm/rpmdb.sqlite": {Data: db}},
	} {
		t.Run(name, func(t *testing.T) {
			lists["usr/share/p3/d1/file-1"] = &fstest.MapFile{Data: []byte(secret), Mode: 0o644}
			lists["usr/share/p3/d1/mine"] = &fstest.MapFile{Data: []byte(secret), Mode: 0o644}
			report, err := Run(context.Background(), &Image{Root: rootfs.New(lists)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range report.Findings {
				if f.Rule == "SECRET-TEXT" {
					got = append(got, f.Path)
				}
			}
			if diff := cmp.Diff([]string{"/usr/share/p3/d1/mine"}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPackagedDamaged(t *testing.T) {
	tree := fstest.MapFS{"var/lib/rpm/rpmdb.sqlite": {Data: rpmDatabase(t)[:20000]}}
	report, err := Run(context.Background(), &Image{Root: rootfs.New(tree)}, nil)
	if report == nil || len(report.Unread) != 1 || report.Unread[0].Path != "/var/lib/rpm/rpmdb.sqlite" {
		t.Errorf("report %+v, error %v", report, err)
	}
}

func TestPackagedVersions(t *testing.T) {
	tree := fstest.MapFS{"var/lib/rpm/rpmdb.sqlite": {Data: rpmDatabase(t)}}
	r := &run{ctx: context.Background(), root: rootfs.New(tree), unread: map[string]string{}}
	if got := fmt.Sprint(r.packages()["p7"], r.unread); got != "1.7map[]" {
		t.Error(got)
	}
}
