package rpmdb_test

import (
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"

	"amiforge/internal/rpmdb"
)

func database(t testing.TB) []byte {
	t.Helper()
	f, err := os.Open("testdata/rpmdb.sqlite.gz")
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

func TestPackages(t *testing.T) {
	db := database(t)
	if !rpmdb.IsDatabase(db[:100]) {
		t.Error("it is no database")
	}
	seen := map[string]bool{}
	err := rpmdb.Packages(db, func(p rpmdb.Package) error {
		n := 0
		if _, err := fmt.Sscanf(p.Name, "p%d", &n); err != nil || seen[p.Name] {
			t.Errorf("%s once more, or %v", p.Name, err)
		}
		seen[p.Name] = true
		if want := fmt.Sprintf("1.%d", n); p.Version != want {
			t.Errorf("%s: version %s", p.Name, p.Version)
		}
		var want []string
		for i := 1; i <= n*n/8+1; i++ {
			want = append(want, fmt.Sprintf("/usr/share/p%d/d%d/file-%d", n, i%3, i))
		}
		slices.Sort(want)
		if got := slices.Sorted(p.Files); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", p.Name, got, want)
		}
		return nil
	})
	if err != nil || len(seen) != 16 {
		t.Errorf("%d packages, error %v", len(seen), err)
	}
}

func TestPackagesStops(t *testing.T) {
	stop := errors.New("stop")
	if err := rpmdb.Packages(database(t), func(rpmdb.Package) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

func TestPackagesDamaged(t *testing.T) {
	change := func(do func(db []byte)) []byte {
		db := database(t)
		do(db)
		return db
	}
	for name, db := range map[string][]byte{
		"nothing":          nil,
		"text":             []byte("SQLite format 2\x00"),
		"a header only":    database(t)[:100],
		"cut off":          database(t)[:20000],
		"pages of nothing": change(func(db []byte) { binary.BigEndian.PutUint16(db[16:], 0) }),
		"odd pages":        change(func(db []byte) { binary.BigEndian.PutUint16(db[16:], 1000) }),
		"all reserved":     change(func(db []byte) { db[16], db[17], db[20] = 2, 0, 255 }),
		"no table":         change(func(db []byte) { db[100] = 0x0a }),
		"many cells":       change(func(db []byte) { binary.BigEndian.PutUint16(db[103:], 65535) }),
		"cells at the end": change(func(db []byte) { binary.BigEndian.PutUint16(db[108:], 4095) }),
		"itself":           change(func(db []byte) { db[100] = 0x05; binary.BigEndian.PutUint32(db[108:], 1) }),
		"zeros":            change(func(db []byte) { clear(db[4096:]) }),
		"ones": change(func(db []byte) {
			for i := range db[4096:] {
				db[4096+i] = 0xff
			}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			err := rpmdb.Packages(db, func(rpmdb.Package) error { return nil })
			if !errors.Is(err, rpmdb.ErrDamaged) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzPackages(f *testing.F) {
	db := database(f)
	f.Add(0, []byte{0})
	f.Add(100, []byte{5})
	f.Add(4096*3, []byte{0x05, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, at int, change []byte) {
		b := slices.Clone(db)
		if at >= 0 && at < len(b) {
			copy(b[at:], change)
		}
		files := 0
		err := rpmdb.Packages(b, func(p rpmdb.Package) error {
			for name := range p.Files {
				if files++; len(name) > len(b) {
					t.Errorf("a name of %d bytes", len(name))
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, rpmdb.ErrDamaged) {
			t.Error(err)
		}
		if files > len(b) {
			t.Errorf("%d files", files)
		}
	})
}
