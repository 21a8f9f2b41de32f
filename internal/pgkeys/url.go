package pgkeys

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// A URL names a database: postgres://user@host/database, with several hosts and with libpq's parameters if need
// be. Its String is without the password.
type URL struct {
	clean    string
	password string // "" if there is none
}

// IsURL reports whether the location is a database's, well-formed or not.
func IsURL(location string) bool { return scheme(location) != "" }

func scheme(location string) string {
	for _, s := range []string{"postgres://", "postgresql://"} {
		if strings.HasPrefix(location, s) {
			return s
		}
	}
	return ""
}

// ParseURL reads a location. It is strict about where a password may be, so that none is taken for something
// that is printed. No part of the location is in its errors.
func ParseURL(location string) (URL, error) {
	scheme := scheme(location)
	if scheme == "" {
		return URL{}, errors.New("not postgres://user@host/database")
	}
	rest := strings.TrimPrefix(location, scheme)
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, path := rest[:end], rest[end:]
	user, hosts, hasUser := strings.Cut(authority, "@")
	if !hasUser {
		user, hosts = "", authority
	}
	if strings.ContainsAny(hosts+path, "@#") || strings.ContainsFunc(location, isSpaceOrControl) {
		return URL{}, fmt.Errorf("%s…: of a user or password write / ? # @ and spaces as %%2F %%3F %%23 %%40 %%20", scheme)
	}
	if !validPorts(hosts) {
		return URL{}, fmt.Errorf("%s…: a port is not a number: is user@ or @host missing?", scheme)
	}
	if err := checkParameters(path); err != nil {
		return URL{}, fmt.Errorf("%s…: %w", scheme, err)
	}
	name, password, _ := strings.Cut(user, ":")
	password, err := url.PathUnescape(password)
	if err != nil || strings.ContainsRune(password, 0) {
		return URL{}, fmt.Errorf("%s…: write a %% in the password as %%25", scheme)
	}
	if hasUser {
		hosts = name + "@" + hosts
	}
	u := URL{clean: scheme + hosts + path, password: password}
	if _, err := u.config(); err != nil {
		return URL{}, err
	}
	return u, nil
}

func isSpaceOrControl(r rune) bool { return r <= ' ' || r == 0x7f }

// validPorts tells whether what may be a port is none by mistake, as the password of user:password/database is.
func validPorts(hosts string) bool {
	for host := range strings.SplitSeq(hosts, ",") {
		host = host[strings.LastIndexByte(host, ']')+1:]
		if _, port, _ := strings.Cut(host, ":"); strings.Trim(port, "0123456789") != "" {
			return false
		}
	}
	return true
}

// checkParameters refuses secrets among the parameters.
func checkParameters(path string) error {
	_, query, _ := strings.Cut(path, "?")
	for pair := range strings.SplitSeq(query, "&") {
		key, _, _ := strings.Cut(pair, "=")
		name, err := url.PathUnescape(key)
		if err != nil {
			return errors.New("a parameter is not well-formed")
		}
		if strings.Contains(strings.ToLower(name), "password") {
			return fmt.Errorf("parameter %s is refused: use PGPASSWORD, ~/.pgpass or a service file", name)
		}
	}
	return nil
}

// String returns the URL without its password.
func (u URL) String() string { return u.clean }

// GoString is String: %#v prints no password either.
func (u URL) GoString() string { return u.clean }

// HasPassword reports whether a password was in the URL.
func (u URL) HasPassword() bool { return u.password != "" }

// How long connecting may take, and how soon a host that has gone is noticed.
const connectTime = 10 * time.Second

func aliveness() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}
}

// config returns how to connect. pgx never parses the password, so that its errors cannot repeat it. What the URL
// leaves out is taken, as libpq does, from the variables PGHOST, PGUSER, PGPASSWORD, PGSERVICE and so on, and
// from ~/.pgpass.
func (u URL) config() (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(u.clean)
	if err != nil {
		return nil, errors.New(oneLine(err)) // its type holds what was parsed
	}
	if u.password != "" {
		cfg.ConnConfig.Password = u.password
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectTime
	}
	if _, named := cfg.ConnConfig.RuntimeParams["application_name"]; !named {
		cfg.ConnConfig.RuntimeParams["application_name"] = "amiforge"
	}
	cfg.ConnConfig.DialFunc = (&net.Dialer{KeepAliveConfig: aliveness()}).DialContext
	return cfg, nil
}
