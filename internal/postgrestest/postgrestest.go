package postgrestest

import (
	"crypto/rand"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/internal/oracle"
)

// serverVar names a running server.
const serverVar = "AMIFORGE_TEST_POSTGRES"

// A Server is a running PostgreSQL.
type Server struct {
	admin   *url.URL // as whom databases and roles are made
	program programs
}

// Start returns a server that answers, for the time of the test t, or skips the test.
func Start(t testing.TB) *Server {
	t.Helper()
	if given := os.Getenv(serverVar); given != "" {
		admin, err := url.Parse(given)
		if err != nil {
			t.Fatalf("%s is not a URL", serverVar)
		}
		return &Server{admin, lookPrograms(t)}
	}
	return &Launch(t).Server
}

// Tests are those of a package: a *testing.M, or one with something around it.
type Tests interface{ Run() (code int) }

// With returns the tests of m with one server, which Start then returns to each of them: it stands in the
// environment as if the user had started it. It is not for packages that fuzz.
func With(m Tests) Tests { return withServer{m} }

type withServer struct{ tests Tests }

func (w withServer) Run() int {
	program, err := findPrograms()
	if err != nil || os.Getenv(serverVar) != "" {
		return w.tests.Run()
	}
	s, err := launch(program)
	if err != nil {
		return w.tests.Run() // Start tries again, and tells the test what is wrong
	}
	defer s.remove()
	forgetUser()
	if err := os.Setenv(serverVar, s.admin.String()); err != nil {
		return 1
	}
	return w.tests.Run()
}

// forgetUser removes the variables by which the user's own programs find and enter their server.
func forgetUser() {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PG") {
			os.Unsetenv(name)
		}
	}
}

// NewDatabase makes an empty database with a name of its own and returns the URL by which its owner, the
// server's administrator, logs in.
func (s *Server) NewDatabase(t testing.TB) string {
	t.Helper()
	name := "amiforge_" + strings.ToLower(rand.Text()[:16])
	s.SQL(t, s.admin.String(), "CREATE DATABASE "+name+" ENCODING 'UTF8' TEMPLATE template0")
	u := *s.admin
	u.Path = "/" + name
	return u.String()
}

// As returns the URL of a database with another user.
func As(t testing.TB, database, user string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatalf("postgres: %v", err)
	}
	u.User = url.User(user)
	return u.String()
}

// SQL runs statements in the database, a URL, and returns the rows as psql prints them: unaligned and bare.
func (s *Server) SQL(t testing.TB, database, statements string) string {
	t.Helper()
	cmd := exec.Command(s.program.path("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statements)
	cmd.Dir = string(filepath.Separator) // postgres may not enter the one of the tests
	return strings.TrimSuffix(string(oracle.Output(t, cmd)), "\n")
}
