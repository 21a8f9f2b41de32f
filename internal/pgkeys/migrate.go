package pgkeys

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The schema has a version, the number of the last migration that was applied. Whoever writes applies those that
// are missing; whoever reads takes a database without any for an empty one.

//go:embed migrations/*.sql
var embedded embed.FS

// A migration is a file NNNN_name.sql that makes the schema of version NNNN out of the one before.
type migration struct {
	name string
	sql  string
}

// readMigrations returns the files of dir, whose numbers are 1, 2 and so on.
func readMigrations(files fs.FS, dir string) ([]migration, error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, err
	}
	var all []migration
	for i, entry := range entries {
		number, _, _ := strings.Cut(entry.Name(), "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			return nil, fmt.Errorf("migration %s: want number %d", entry.Name(), i+1)
		}
		sql, err := fs.ReadFile(files, dir+"/"+entry.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, migration{entry.Name(), string(sql)})
	}
	return all, nil
}

// errUnmade says that nothing has been written to the database yet.
var errUnmade = errors.New("no registry has been kept here")

// A SchemaError says that the schema is of a version that this program cannot work with.
type SchemaError struct{ Version, Known int }

// Error says which version is needed.
func (e *SchemaError) Error() string {
	if e.Version > e.Known {
		return fmt.Sprintf("schema amiforge is of version %d, this program knows %d: use a newer one", e.Version, e.Known)
	}
	return fmt.Sprintf("schema amiforge is of version %d, this program needs %d: the next command that writes makes it so", e.Version, e.Known)
}

// checkSchema returns nil if the schema is the one that this program knows, errUnmade if there is none.
func (k *Keys) checkSchema(ctx context.Context) error {
	if k.ready.Load() {
		return nil
	}
	version, err := schemaVersion(ctx, k.pool)
	switch {
	case err != nil:
		return err
	case version == 0:
		return errUnmade
	case version != len(k.migrations):
		return &SchemaError{version, len(k.migrations)}
	}
	k.ready.Store(true)
	return nil
}

// prepare is checkSchema for those who write: it makes the schema if need be.
func (k *Keys) prepare(ctx context.Context) error {
	err := k.checkSchema(ctx)
	old, ok := errors.AsType[*SchemaError](err)
	if !errors.Is(err, errUnmade) && (!ok || old.Version > old.Known) {
		return err
	}
	// A snapshot of before the lock would not show what was done meanwhile.
	fresh := pgx.TxOptions{IsoLevel: pgx.ReadCommitted}
	err = pgx.BeginTxFunc(ctx, k.pool, fresh, func(tx pgx.Tx) error { return k.migrate(ctx, tx) })
	if err != nil {
		return fmt.Errorf("make schema amiforge: %w", err)
	}
	return k.checkSchema(ctx)
}

// migrationLock is the advisory lock of those who migrate: "amiforge", as a number.
const migrationLock int64 = 0x616d69666f726765

// bootstrap makes what migrations are recorded in. Somebody with more rights may have made the schema already.
const bootstrap = `DO $$ BEGIN
	IF to_regnamespace('amiforge') IS NULL THEN CREATE SCHEMA amiforge; END IF;
END $$;
CREATE TABLE IF NOT EXISTS amiforge.migrations (
	number integer PRIMARY KEY, name text NOT NULL, applied timestamptz NOT NULL DEFAULT now()
)`

// migrate applies what is missing. Of many that try at once one does it, and the others find it done.
func (k *Keys) migrate(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", migrationLock); err != nil {
		return err
	}
	if err := checkEncoding(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, bootstrap); err != nil {
		return err
	}
	version, err := schemaVersion(ctx, tx)
	if err != nil {
		return err
	}
	for n := version; n < len(k.migrations); n++ {
		if err := apply(ctx, tx, n+1, k.migrations[n]); err != nil {
			return err
		}
	}
	return nil
}

func apply(ctx context.Context, tx pgx.Tx, number int, m migration) error {
	if _, err := tx.Exec(ctx, m.sql); err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	_, err := tx.Exec(ctx, "INSERT INTO amiforge.migrations (number, name) VALUES ($1, $2)", number, m.name)
	return err
}

// checkEncoding refuses a database that cannot hold every key.
func checkEncoding(ctx context.Context, db querier) error {
	var encoding string
	err := db.QueryRow(ctx, "SELECT current_setting('server_encoding')").Scan(&encoding)
	if err == nil && encoding != "UTF8" {
		err = fmt.Errorf("the database's encoding is %s, want UTF8", encoding)
	}
	return err
}

// schemaVersion returns the number of the last migration, 0 where there was none.
func schemaVersion(ctx context.Context, db querier) (version int, err error) {
	err = db.QueryRow(ctx, "SELECT coalesce(max(number), 0) FROM amiforge.migrations").Scan(&version)
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && (e.Code == undefinedTable || e.Code == invalidSchema) {
		return 0, nil
	}
	return version, err
}

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}
