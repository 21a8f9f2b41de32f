package pgkeys

import (
	"fmt"
	"strings"
	"testing"
)

// secret must not be in anything that is printed.
const secret = "hunter2"

func TestParseURL(t *testing.T) {
	t.Setenv("PGPASSWORD", "from the environment")
	tests := []struct{ location, clean, password string }{
		{"postgres://host/db", "postgres://host/db", "from the environment"},
		{"postgresql://me@host:5433/db?sslmode=disable", "postgresql://me@host:5433/db?sslmode=disable", "from the environment"},
		{"postgres://me:" + secret + "@host/db", "postgres://me@host/db", secret},
		{"postgres://me:" + secret + "%2F%40%3A%25:x@host/db", "postgres://me@host/db", secret + "/@:%:x"},
		{"postgres://me:@host/db", "postgres://me@host/db", "from the environment"},
		{"postgres://:" + secret + "@host/db", "postgres://@host/db", secret},
		{"postgres://me:" + secret + "@a:1,b:2/db", "postgres://me@a:1,b:2/db", secret},
		{"postgres://me@[::1]:5432/db", "postgres://me@[::1]:5432/db", "from the environment"},
		{"postgres:///db?host=/run/postgresql", "postgres:///db?host=/run/postgresql", "from the environment"},
	}
	for _, tt := range tests {
		u, err := ParseURL(tt.location)
		if err != nil {
			t.Errorf("%s: %v", tt.location, err)
			continue
		}
		cfg, err := u.config()
		if err != nil {
			t.Fatal(err)
		}
		if u.String() != tt.clean || cfg.ConnConfig.Password != tt.password {
			t.Errorf("%s is %s with password %q, want %s with %q", tt.location, u, cfg.ConnConfig.Password, tt.clean, tt.password)
		}
		if u.HasPassword() != (tt.password != "from the environment") {
			t.Errorf("%s: HasPassword is %v", tt.location, u.HasPassword())
		}
		if cfg.ConnConfig.ConnectTimeout != connectTime || cfg.ConnConfig.RuntimeParams["application_name"] != "amiforge" {
			t.Errorf("%s: defaults are missing", tt.location)
		}
		wantNoSecret(t, fmt.Sprintf("%v %+v %#v %s", u, u, u, cfg.ConnString()))
	}
}

func TestParseURLRefuses(t *testing.T) {
	for _, location := range []string{
		"", "mysql://me:" + secret + "@host/db", "host=h password=" + secret,
		"postgres://me:" + secret + "/x@host/db",
		"postgres://me:" + secret + "?x@host/db",
		"postgres://me:" + secret + "#x@host/db",
		"postgres://me:" + secret + "@x@host/db",
		"postgres://me:x@" + secret + "@host/db",
		"postgres://me:" + secret + " x@host/db",
		"postgres://me:" + secret + "%zz@host/db",
		"postgres://me:" + secret + "%00@host/db",
		"postgres://me:" + secret,
		"postgres://me:" + secret + "/db",
		"postgres://me@host/db?password=" + secret,
		"postgres://me@host/db?pass%77ord=" + secret,
		"postgres://me@host/db?sslpassword=" + secret,
		"postgres://me@host/db?%zz=" + secret,
		"postgres://me:" + secret + "@host:port/db",
		"postgres://me:" + secret + "@host:99999/db",
		"postgres://me:" + secret + "@host/db?sslmode=perhaps",
		"postgres://me:" + secret + "@host/db?sslmode=verify-full&sslrootcert=/nonexistent",
		"postgres://me:" + secret + "@[::1/db",
	} {
		u, err := ParseURL(location)
		if err == nil {
			t.Errorf("%q is accepted as %s", location, u)
			continue
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error of several lines: %v", location, err)
		}
		wantNoSecret(t, fmt.Sprintf("%v %+v %#v", err, err, err))
	}
}

func wantNoSecret(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, secret) {
		t.Errorf("the password is in %s", text)
	}
}

func TestIsURL(t *testing.T) {
	for location, want := range map[string]bool{
		"postgres://": true, "postgresql://h/d": true, "s3://bucket": false, "postgres:/x": false, "dir/postgres://": false,
	} {
		if got := IsURL(location); got != want {
			t.Errorf("%q: got %v", location, got)
		}
	}
}
