// Package pgkeys keeps small values under keys in a PostgreSQL database, which any number of machines share.
//
// It has one table, amiforge.records, that the first write makes (see migrate.go). Who only reads needs no more
// than
//
//	GRANT USAGE ON SCHEMA amiforge TO reader;
//	GRANT SELECT ON ALL TABLES IN SCHEMA amiforge TO reader;
//
// and who writes to a database that another role has made
//
//	GRANT USAGE ON SCHEMA amiforge TO writer;
//	GRANT SELECT ON ALL TABLES IN SCHEMA amiforge TO writer;
//	GRANT INSERT, UPDATE ON amiforge.records TO writer;
//	GRANT USAGE ON ALL SEQUENCES IN SCHEMA amiforge TO writer;
package pgkeys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"amiforge/internal/store"
)

// maxKey is the length of the longest key, in bytes, as in S3. The index of the keys bears no more than 2,700.
const maxKey = 1024

// Keys is a map from keys to values that is safe for concurrent writers. A key is a relative path with slashes.
// A version is a number that never comes back.
//
// A statement whose answer was lost is sent again, and then meets its own success as a conflict. Keys recognises
// that by comparing the stored bytes with its own, so each value must be unique to its writer: put a random
// nonce in it.
type Keys struct {
	url        URL
	pool       *pgxpool.Pool
	attributes func(key string, value []byte) (Attributes, bool)
	migrations []migration
	ready      atomic.Bool // the schema is the one that this program knows
}

// Open returns the keys in the database at u. It sends nothing yet. attributes says by which attributes Select
// shall find a value; false says that it cannot be read, and then every Select yields it. nil gives no value any.
func Open(u URL, attributes func(key string, value []byte) (Attributes, bool)) (*Keys, error) {
	cfg, err := u.config()
	if err != nil {
		return nil, err
	}
	return open(u, cfg, attributes)
}

func open(u URL, cfg *pgxpool.Config, attributes func(key string, value []byte) (Attributes, bool)) (*Keys, error) {
	known, err := readMigrations(embedded, "migrations")
	if err != nil {
		return nil, err
	}
	if attributes == nil {
		attributes = func(string, []byte) (Attributes, bool) { return Attributes{}, true }
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg) // the context is for connecting, which it does not
	if err != nil {
		return nil, fmt.Errorf("%v: %w", u, err)
	}
	return &Keys{url: u, pool: pool, attributes: attributes, migrations: known}, nil
}

// Close ends the connections.
func (k *Keys) Close() error {
	k.pool.Close()
	return nil
}

// String returns the location without its password.
func (k *Keys) String() string { return k.url.String() }

// Get returns the value of key and its version. A missing key is fs.ErrNotExist.
func (k *Keys) Get(ctx context.Context, key string) (value []byte, version string, err error) {
	if err := k.check("get", key); err != nil {
		return nil, "", err
	}
	var number int64
	err = k.read(ctx, "get", key, func(ctx context.Context) error {
		row := k.pool.QueryRow(ctx, "SELECT value, version FROM amiforge.records WHERE key = $1", key)
		return row.Scan(&value, &number)
	})
	if err != nil {
		return nil, "", err
	}
	return value, formatVersion(number), nil
}

const insert = `INSERT INTO amiforge.records (key, value, owner, region, name, location, state)
	VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key) DO NOTHING RETURNING version`

// Create stores the value of a key that has none. If it has one, the error is fs.ErrExist.
func (k *Keys) Create(ctx context.Context, key string, value []byte) (version string, err error) {
	version, err = k.write(ctx, key, value, insert)
	if !errors.Is(err, errNoRow) {
		return version, err
	}
	version, ours, found := k.ours(ctx, key, value)
	switch {
	case ours:
		return version, nil
	case found == nil:
		return "", k.failure("put", key, fs.ErrExist)
	}
	return "", found
}

const update = `UPDATE amiforge.records SET value = $2, owner = $3, region = $4, name = $5, location = $6, state = $7,
	version = nextval('amiforge.versions') WHERE key = $1 AND version = $8 RETURNING version`

// Replace stores the value of a key that still has version. If it has another one, the error is store.ErrConflict;
// if it is not there at all, the error is also fs.ErrNotExist. A conflict does not prove that the value was never
// stored: a third writer may have replaced it before the lost answer was noticed.
func (k *Keys) Replace(ctx context.Context, key string, value []byte, version string) (newVersion string, err error) {
	if version == "" {
		return "", k.failure("put", key, fmt.Errorf("no version to replace: %w", fs.ErrInvalid))
	}
	newVersion, err = k.write(ctx, key, value, update, parseVersion(version))
	if !errors.Is(err, errNoRow) {
		return newVersion, err
	}
	newVersion, ours, found := k.ours(ctx, key, value)
	switch {
	case ours:
		return newVersion, nil
	case found == nil:
		return "", k.failure("put", key, store.ErrConflict)
	case errors.Is(found, fs.ErrNotExist):
		return "", k.failure("put", key, fmt.Errorf("%w: %w", store.ErrConflict, fs.ErrNotExist))
	}
	return "", found
}

// write runs a statement that stores value and returns its version. errNoRow says that its condition did not hold.
func (k *Keys) write(ctx context.Context, key string, value []byte, statement string, more ...any) (version string, err error) {
	if err := k.check("put", key); err != nil {
		return "", err
	}
	if len(value) > store.MaxValue {
		return "", k.failure("put", key, fmt.Errorf("value of %d bytes, the limit is %d", len(value), store.MaxValue))
	}
	if value == nil {
		value = []byte{} // nil would be NULL
	}
	args := append([]any{key, value}, k.columns(key, value)...)
	args = append(args, more...)
	var number int64
	err = k.do(ctx, "put", key, func(ctx context.Context) error {
		if err := k.prepare(ctx); err != nil {
			return err
		}
		return k.pool.QueryRow(ctx, statement, args...).Scan(&number)
	})
	return formatVersion(number), err
}

// read runs a query of one row. No row, and no table, are fs.ErrNotExist.
func (k *Keys) read(ctx context.Context, op, key string, query func(ctx context.Context) error) error {
	err := k.do(ctx, op, key, func(ctx context.Context) error {
		if err := k.checkSchema(ctx); err != nil {
			return err
		}
		return query(ctx)
	})
	if errors.Is(err, errNoRow) || errors.Is(err, errUnmade) {
		return k.failure(op, key, fs.ErrNotExist)
	}
	return err
}

// errNoRow says that a statement found nothing to return.
var errNoRow = pgx.ErrNoRows

// ours tells whether key has our value, from a write whose answer was lost, and its version.
func (k *Keys) ours(ctx context.Context, key string, value []byte) (version string, ours bool, err error) {
	stored, version, err := k.Get(ctx, key)
	return version, err == nil && bytes.Equal(stored, value), err
}

func formatVersion(n int64) string { return strconv.FormatInt(n, 10) }

// parseVersion returns 0, which no value has, for what is no version of ours.
func parseVersion(version string) int64 {
	n, err := strconv.ParseInt(version, 10, 64)
	if err != nil || formatVersion(n) != version {
		return 0
	}
	return n
}

// check refuses what cannot be a key.
func (k *Keys) check(op, key string) error {
	if fs.ValidPath(key) && key != "." && len(key) <= maxKey && !strings.ContainsFunc(key, unicode.IsControl) {
		return nil
	}
	return k.failure(op, "", fmt.Errorf("key %q: %w", key, fs.ErrInvalid))
}
