package pgkeys

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"amiforge/internal/postgrestest"
	"amiforge/internal/store"
)

// A cutter breaks connections when the server says word: what it has done is done, but nobody hears of it.
type cutter struct {
	word string
	left atomic.Int32 // how often
}

type cutConn struct {
	net.Conn
	*cutter
}

func (c cutConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if bytes.Contains(b[:n], []byte(c.word)) && c.left.Add(-1) >= 0 {
		c.Close()
		return 0, net.ErrClosed
	}
	return n, err
}

// openCut returns keys whose connections c breaks.
func openCut(t *testing.T, database string, c *cutter) *Keys {
	t.Helper()
	u, err := ParseURL(database)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := u.config()
	if err != nil {
		t.Fatal(err)
	}
	dial := cfg.ConnConfig.DialFunc
	cfg.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return cutConn{conn, c}, err
	}
	k, err := open(u, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

func TestLostAnswers(t *testing.T) {
	db := newDatabase(t)
	writes := &cutter{word: "INSERT 0 "}
	k := openCut(t, db, writes)
	create(t, k, "before", "1")
	writes.left.Store(2)
	first := create(t, k, "a", "nonce 1")

	updates := &cutter{word: "UPDATE 1"}
	updates.left.Store(1)
	k = openCut(t, db, updates)
	second, err := k.Replace(t.Context(), "a", []byte("nonce 2"), first)
	if err != nil {
		t.Fatal(err)
	}
	if value, version, err := k.Get(t.Context(), "a"); err != nil || string(value) != "nonce 2" || version != second {
		t.Errorf("Get = %q, %s, %v; want nonce 2, %s", value, version, err, second)
	}
	if _, err := k.Create(t.Context(), "a", []byte("nonce 3")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create: %v, want fs.ErrExist", err)
	}
	if _, err := k.Replace(t.Context(), "a", []byte("nonce 3"), first); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Replace: %v, want store.ErrConflict", err)
	}
	if writes.left.Load() > 0 || updates.left.Load() > 0 {
		t.Error("no answer was lost")
	}
}

func TestLostAnswerOfMigration(t *testing.T) {
	c := &cutter{word: "COMMIT"}
	c.left.Store(1)
	k := openCut(t, newDatabase(t), c)
	create(t, k, "a", "1")
	if c.left.Load() > 0 {
		t.Error("no answer was lost")
	}
}

// TestLostAnswersAlways gives up in the end, and says why.
func TestLostAnswersAlways(t *testing.T) {
	t.Parallel()
	c := &cutter{word: "INSERT 0 "}
	k := openCut(t, newDatabase(t), c)
	create(t, k, "a", "1")
	c.left.Store(1000)
	_, err := k.Create(t.Context(), "b", []byte("1"))
	if e, ok := errors.AsType[*Error](err); !ok || e.Attempts != maxFailures || !strings.Contains(err.Error(), "the connection broke") {
		t.Errorf("Create: %v", err)
	}
}

// TestListGoesOn breaks the connection in the middle of a listing.
func TestListGoesOn(t *testing.T) {
	db := newDatabase(t)
	k := openAt(t, db)
	for i := range 50 {
		create(t, k, fmt.Sprintf("a/%02d", i), strings.Repeat("x", 10_000)+fmt.Sprintf("mark%02d", i))
	}
	c := &cutter{word: "mark30"}
	c.left.Store(2)
	if got := keysOf(t, openCut(t, db, c), "a/", Selection{}); len(got) != 50 || got[0] != "a/00" || got[49] != "a/49" {
		t.Errorf("keys are %q", got)
	}
	if c.left.Load() > 0 {
		t.Error("the connection did not break")
	}
}

// TestRestart stops the server in the middle of a listing and of writes, and starts it again.
func TestRestart(t *testing.T) {
	server := postgrestest.Launch(t)
	k := openAt(t, server.NewDatabase(t))
	for i := range 50 {
		create(t, k, fmt.Sprintf("a/%02d", i), rand.Text()+strings.Repeat("x", 100_000))
	}
	n := 0
	var restart sync.WaitGroup
	defer restart.Wait()
	for _, err := range k.List(t.Context(), "a/") {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			server.Stop()
			restart.Go(func() { server.Restart(t) })
		}
	}
	restart.Wait()
	if n != 50 {
		t.Errorf("%d keys are listed", n)
	}
	server.Stop()
	server.Restart(t)
	create(t, k, "b", "1")
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	server := postgrestest.Launch(t)
	db := server.NewDatabase(t)
	create(t, openAt(t, db), "a", "1")
	server.Stop()
	withSecret := strings.Replace(db, "postgres@", "postgres:"+secret+"@", 1)
	for name, location := range map[string]string{
		"stopped":      withSecret,
		"nobody there": "postgres://me:" + secret + "@127.0.0.1:1/db",
		"no such host": "postgres://me:" + secret + "@host.invalid/db",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := openAt(t, location).Get(t.Context(), "a")
			if !errors.Is(err, store.ErrBucket) || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "cannot reach") {
				t.Errorf("Get: %v, want store.ErrBucket", err)
			}
			wantNoSecret(t, fmt.Sprintf("%v %+v %#v", err, err, err))
		})
	}
}

func TestRefusedLogin(t *testing.T) {
	server := postgrestest.Start(t)
	db := server.NewDatabase(t)
	asked := "asked_" + strings.ToLower(rand.Text())
	server.SQL(t, db, "CREATE ROLE "+asked+" LOGIN PASSWORD 'right "+secret+"' IN ROLE "+postgrestest.Asked)
	as := func(user string) string { return strings.Replace(db, "postgres@", user+"@", 1) }
	noDatabase := strings.Replace(db, server.SQL(t, db, "SELECT current_database()"), "none", 1)

	if got := keysOf(t, openAt(t, as(asked+":right%20"+secret)), "", Selection{}); got != nil {
		t.Errorf("the right password lists %q", got)
	}
	tests := []struct {
		name, location, want string
		forbidden            bool
	}{
		{"wrong password", as(asked + ":" + secret), "password authentication failed", true},
		{"no password", as(asked), "PGPASSWORD", true},
		{"no such role", as("nobody:" + secret), `role "nobody" does not exist`, true},
		{"no such database", strings.Replace(noDatabase, "postgres@", "postgres:"+secret+"@", 1), `database "none" does not exist`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := openAt(t, tt.location).Get(t.Context(), "a")
			if !errors.Is(err, store.ErrBucket) || errors.Is(err, fs.ErrPermission) != tt.forbidden || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Get: %v", err)
			}
			if e, ok := errors.AsType[*Error](err); !ok || e.Attempts != 1 {
				t.Errorf("it was tried %d times", e.Attempts)
			}
			wantNoSecret(t, fmt.Sprintf("%v %+v %#v", err, err, err))
		})
	}
}

func TestReadOnlyServer(t *testing.T) {
	db := newDatabase(t)
	create(t, openAt(t, db), "a", "1")
	k := openAt(t, db+"&default_transaction_read_only=on")
	if _, _, err := k.Get(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	_, err := k.Create(t.Context(), "b", nil)
	wantForbidden(t, err)
}

// TestTooManyConnections waits for one that becomes free.
func TestTooManyConnections(t *testing.T) {
	server := postgrestest.Start(t)
	db := server.NewDatabase(t)
	role := "narrow_" + strings.ToLower(rand.Text())
	server.SQL(t, db, "CREATE ROLE "+role+" LOGIN CONNECTION LIMIT 1")
	first, second := openAt(t, postgrestest.As(t, db, role)), openAt(t, postgrestest.As(t, db, role))
	if got := keysOf(t, first, "", Selection{}); got != nil {
		t.Errorf("an empty database lists %q", got)
	}
	time.AfterFunc(300*time.Millisecond, func() { first.Close() })
	if _, _, err := second.Get(t.Context(), "a"); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, store.ErrBucket) {
		t.Errorf("Get: %v, want fs.ErrNotExist", err)
	}
}
