// Package postgrestest gives tests a real PostgreSQL server on a Unix socket.
//
// The server is the one at AMIFORGE_TEST_POSTGRES, a URL by which an administrator of it logs in, else the
// newest of Debian's under /usr/lib/postgresql, started over a temporary directory. Where none is installed the
// test is skipped (see oracle.Skipf). Root, as whom PostgreSQL refuses to run, starts it as user postgres.
//
// A package that uses the server in several tests shares one among them:
//
//	func TestMain(m *testing.M) { os.Exit(postgrestest.With(m).Run()) }
//
// A package without that gets one server for each call of Start, stopped with its test.
package postgrestest
