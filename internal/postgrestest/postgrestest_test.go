package postgrestest

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(With(m).Run()) }

func TestStart(t *testing.T) {
	s := Start(t)
	a, b := s.NewDatabase(t), s.NewDatabase(t)
	if a == b {
		t.Errorf("two databases are %s", a)
	}
	s.SQL(t, a, "CREATE TABLE here (n int)")
	if got := s.SQL(t, b, "SELECT to_regclass('here') IS NULL"); got != "t" {
		t.Errorf("a table of one database is in the other: %s", got)
	}
}

func TestRestart(t *testing.T) {
	s := Launch(t)
	db := s.NewDatabase(t)
	s.SQL(t, db, "CREATE TABLE here AS SELECT 7 AS n")
	s.Stop()
	s.Restart(t)
	if got := s.SQL(t, db, "SELECT n FROM here"); got != "7" {
		t.Errorf("after the restart the table has %q", got)
	}
}

func TestMajor(t *testing.T) {
	for path, want := range map[string]int{
		"/usr/lib/postgresql/15/bin/initdb":  15,
		"/usr/lib/postgresql/9.6/bin/initdb": 0,
	} {
		if got := major(path); got != want {
			t.Errorf("%s is %d, want %d", path, got, want)
		}
	}
}
