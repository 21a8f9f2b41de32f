package pgkeys

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/sync/errgroup"

	"amiforge/internal/postgrestest"
	"amiforge/internal/store"
)

// TestFirstWritersAtOnce has 24 programs, with connections of their own, write first to an empty database.
func TestFirstWritersAtOnce(t *testing.T) {
	for _, isolation := range []string{"read committed", "serializable"} {
		t.Run(isolation, func(t *testing.T) {
			server := postgrestest.Start(t)
			db := server.NewDatabase(t)
			name := server.SQL(t, db, "SELECT current_database()")
			server.SQL(t, db, fmt.Sprintf("ALTER DATABASE %s SET default_transaction_isolation = '%s'", name, isolation))
			var group errgroup.Group
			for i := range 24 {
				k := openAt(t, db)
				group.Go(func() error {
					_, err := k.Create(t.Context(), fmt.Sprintf("a/%d", i), []byte(rand.Text()))
					return err
				})
			}
			if err := group.Wait(); err != nil {
				t.Fatal(err)
			}
			if got := server.SQL(t, db, "SELECT number, name FROM amiforge.migrations"); got != "1|0001_records.sql" {
				t.Errorf("migrations are %q", got)
			}
			if got := keysOf(t, openAt(t, db), "a/", Selection{}); len(got) != 24 {
				t.Errorf("keys are %q", got)
			}
		})
	}
}

func TestReadingMakesNoSchema(t *testing.T) {
	server := postgrestest.Start(t)
	db := server.NewDatabase(t)
	k := openAt(t, db)
	if got := keysOf(t, k, "", Selection{}); got != nil {
		t.Errorf("an empty database lists %q", got)
	}
	if _, _, err := k.Get(t.Context(), "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get: %v, want fs.ErrNotExist", err)
	}
	if got := server.SQL(t, db, "SELECT to_regnamespace('amiforge') IS NULL"); got != "t" {
		t.Error("reading made the schema")
	}
	// The reader learns of what others write.
	create(t, openAt(t, db), "a", "1")
	if got := keysOf(t, k, "", Selection{}); len(got) != 1 {
		t.Errorf("after a write the keys are %q", got)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	server := postgrestest.Start(t)
	db := server.NewDatabase(t)
	create(t, openAt(t, db), "a", "1")
	server.SQL(t, db, "INSERT INTO amiforge.migrations (number, name) VALUES (2, '0002_future.sql')")
	wantSchemaError(t, openAt(t, db), "schema amiforge is of version 2, this program knows 1: use a newer one")
}

func TestOlderSchemaIsMigratedByWriters(t *testing.T) {
	db := newDatabase(t)
	create(t, openAt(t, db), "a", "1")
	newer := openAt(t, db)
	newer.migrations = append(newer.migrations, migration{"0002_more.sql", "ALTER TABLE amiforge.records ADD COLUMN more text; SELECT 1"})
	if _, _, err := newer.Get(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "this program needs 2: the next command that writes makes it so") {
		t.Errorf("Get: %v", err)
	}
	create(t, newer, "b", "2")
	if got := keysOf(t, newer, "", Selection{}); len(got) != 2 {
		t.Errorf("keys are %q", got)
	}
	wantSchemaError(t, openAt(t, db), "schema amiforge is of version 2, this program knows 1: use a newer one")
}

// wantSchemaError wants every method to fail with it.
func wantSchemaError(t *testing.T, k *Keys, want string) {
	t.Helper()
	_, _, get := k.Get(t.Context(), "a")
	_, create := k.Create(t.Context(), "c", nil)
	_, replace := k.Replace(t.Context(), "a", nil, "1")
	var list error
	for _, err := range k.List(t.Context(), "") {
		list = err
	}
	for _, err := range []error{get, create, replace, list} {
		if _, ok := errors.AsType[*SchemaError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestFailedMigrationLeavesNothing(t *testing.T) {
	server := postgrestest.Start(t)
	db := server.NewDatabase(t)
	k := openAt(t, db)
	k.migrations = append(k.migrations, migration{"0002_wrong.sql", "CREATE TABLE amiforge.more (n int); SELECT 1/0"})
	if _, err := k.Create(t.Context(), "a", nil); err == nil || !strings.Contains(err.Error(), "division by zero") {
		t.Errorf("Create: %v", err)
	}
	if got := server.SQL(t, db, "SELECT to_regnamespace('amiforge') IS NULL"); got != "t" {
		t.Error("a part of the schema is left")
	}
}

// TestRights has a reader and a writer with the rights that the package's documentation names.
func TestRights(t *testing.T) {
	server := postgrestest.Start(t)
	db := server.NewDatabase(t)
	id := strings.ToLower(rand.Text())
	server.SQL(t, db, "CREATE ROLE reader_"+id+" LOGIN; CREATE ROLE writer_"+id+" LOGIN")
	reader := openAt(t, postgrestest.As(t, db, "reader_"+id))
	writer := openAt(t, postgrestest.As(t, db, "writer_"+id))
	if got := keysOf(t, reader, "", Selection{}); got != nil {
		t.Errorf("before the first write the reader lists %q", got)
	}
	_, err := writer.Create(t.Context(), "a", nil)
	wantForbidden(t, err)

	create(t, openAt(t, db), "a", "1")
	_, _, err = reader.Get(t.Context(), "a")
	wantForbidden(t, err)
	server.SQL(t, db, strings.NewReplacer("reader", "reader_"+id, "writer", "writer_"+id).Replace(
		`GRANT USAGE ON SCHEMA amiforge TO reader;
		GRANT SELECT ON ALL TABLES IN SCHEMA amiforge TO reader;
		GRANT USAGE ON SCHEMA amiforge TO writer;
		GRANT SELECT ON ALL TABLES IN SCHEMA amiforge TO writer;
		GRANT INSERT, UPDATE ON amiforge.records TO writer;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA amiforge TO writer`))
	version := create(t, writer, "b", "1")
	if _, err := writer.Replace(t.Context(), "b", []byte("2"), version); err != nil {
		t.Error(err)
	}
	if got := keysOf(t, reader, "", Selection{}); len(got) != 2 {
		t.Errorf("the reader lists %q", got)
	}
	_, err = reader.Create(t.Context(), "c", nil)
	wantForbidden(t, err)
}

func wantForbidden(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, fs.ErrPermission) || !errors.Is(err, store.ErrBucket) {
		t.Errorf("got %v, want fs.ErrPermission and store.ErrBucket", err)
	}
}

// TestPreparedSchema has a role write that may make tables in the schema, but no schema.
func TestPreparedSchema(t *testing.T) {
	server := postgrestest.Start(t)
	db := server.NewDatabase(t)
	role := "owner_" + strings.ToLower(rand.Text())
	server.SQL(t, db, "CREATE ROLE "+role+" LOGIN; CREATE SCHEMA amiforge AUTHORIZATION "+role)
	create(t, openAt(t, postgrestest.As(t, db, role)), "a", "1")
}

func TestOtherEncodingsAreRefused(t *testing.T) {
	server := postgrestest.Start(t)
	db := server.NewDatabase(t)
	name := "latin_" + strings.ToLower(rand.Text())
	server.SQL(t, db, "CREATE DATABASE "+name+" ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
	k := openAt(t, strings.Replace(db, server.SQL(t, db, "SELECT current_database()"), name, 1))
	if _, err := k.Create(t.Context(), "a", nil); err == nil || !strings.Contains(err.Error(), "encoding is LATIN1, want UTF8") {
		t.Errorf("Create: %v", err)
	}
}

func TestMigrationsAreNumbered(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"gap":     {"m/0001_a.sql": {}, "m/0003_b.sql": {}},
		"twice":   {"m/0001_a.sql": {}, "m/0001_b.sql": {}},
		"nothing": {"m/a.sql": {}},
	} {
		if _, err := readMigrations(files, "m"); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	all, err := readMigrations(fstest.MapFS{"m/0001_a.sql": {Data: []byte("x")}, "m/0002_b.sql": {}}, "m")
	if err != nil || len(all) != 2 || all[0] != (migration{"0001_a.sql", "x"}) {
		t.Errorf("got %v, %v", all, err)
	}
}
