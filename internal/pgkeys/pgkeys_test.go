package pgkeys

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"amiforge/internal/postgrestest"
	"amiforge/internal/store"
	"amiforge/internal/store/keystest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.With(m).Run()) }

// newDatabase returns the URL of an empty database.
func newDatabase(t testing.TB) string { return postgrestest.Start(t).NewDatabase(t) }

func openAt(t testing.TB, database string) *Keys {
	t.Helper()
	return openWith(t, database, nil)
}

func openWith(t testing.TB, database string, attributes func(string, []byte) (Attributes, bool)) *Keys {
	t.Helper()
	u, err := ParseURL(database)
	if err != nil {
		t.Fatal(err)
	}
	k, err := Open(u, attributes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

func create(t testing.TB, k *Keys, key, value string) (version string) {
	t.Helper()
	version, err := k.Create(t.Context(), key, []byte(value))
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func TestConform(t *testing.T) {
	keystest.Run(t, func(t *testing.T) keystest.Keys { return openAt(t, newDatabase(t)) })
}

func TestMissingBeforeAndAfterFirstWrite(t *testing.T) {
	k := openAt(t, newDatabase(t))
	for range 2 {
		if _, _, err := k.Get(t.Context(), "images/none"); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, store.ErrBucket) {
			t.Errorf("Get: %v, want fs.ErrNotExist alone", err)
		}
		for entry, err := range k.List(t.Context(), "") {
			if err != nil || entry.Key != "a" {
				t.Errorf("List yields %v, %v", entry, err)
			}
		}
		create(t, k, "a", rand.Text())
		_, err := k.Replace(t.Context(), "b", nil, "1")
		if !errors.Is(err, store.ErrConflict) || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Replace: %v, want store.ErrConflict and fs.ErrNotExist", err)
		}
		k = openAt(t, newDatabase(t))
	}
}

func TestOddVersions(t *testing.T) {
	k := openAt(t, newDatabase(t))
	version := create(t, k, "a", "1")
	for _, odd := range []string{"0", "-1", "+" + version, "0" + version, version + " ", "x", "99999999999999999999"} {
		if _, err := k.Replace(t.Context(), "a", []byte("2"), odd); !errors.Is(err, store.ErrConflict) || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Replace of version %q: %v, want store.ErrConflict", odd, err)
		}
	}
}

func TestNilValue(t *testing.T) {
	k := openAt(t, newDatabase(t))
	if _, err := k.Create(t.Context(), "a", nil); err != nil {
		t.Fatal(err)
	}
	if value, _, err := k.Get(t.Context(), "a"); err != nil || len(value) != 0 {
		t.Errorf("Get = %q, %v", value, err)
	}
}

func TestLongKeys(t *testing.T) {
	k := openAt(t, newDatabase(t))
	create(t, k, rand.Text()+strings.Repeat("x", maxKey-26), "1")
	if _, err := k.Create(t.Context(), strings.Repeat("x", maxKey+1), nil); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a key of %d bytes: %v, want fs.ErrInvalid", maxKey+1, err)
	}
}

func TestOwnWriteIsNoConflict(t *testing.T) {
	k := openAt(t, newDatabase(t))
	first := create(t, k, "a", "nonce 1")
	if again := create(t, k, "a", "nonce 1"); again != first {
		t.Errorf("the same value again is version %s, want %s", again, first)
	}
	second, err := k.Replace(t.Context(), "a", []byte("nonce 2"), first)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := k.Replace(t.Context(), "a", []byte("nonce 2"), first); err != nil || again != second {
		t.Errorf("the same replacement again is version %s, %v; want %s", again, err, second)
	}
}

func TestCancelledWithCause(t *testing.T) {
	k := openAt(t, newDatabase(t))
	create(t, k, "a", "1")
	reason := errors.New("told to stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	n := 0
	for _, err := range k.List(ctx, "") {
		cancel(reason)
		if n++; n == 2 && !errors.Is(err, reason) {
			t.Errorf("List: %v, want the cause", err)
		}
	}
	if _, err := k.Replace(ctx, "a", nil, "1"); !errors.Is(err, reason) {
		t.Errorf("Replace: %v, want the cause", err)
	}
}
