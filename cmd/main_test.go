// Package cmd_test runs the binaries as users do: each script in testdata/script is a sequence of commands with
// what they must print, and how they must end.
package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"amiforge/internal/miniotest"
	"amiforge/internal/postgrestest"
)

// TestMain builds the binaries once and puts them first on PATH.
func TestMain(m *testing.M) {
	bin, err := os.MkdirTemp("", "amiforge-bin-")
	if err == nil {
		err = build(bin)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build the binaries:", err)
		os.Exit(1)
	}
	// A shell starts a job in the background with SIGINT ignored, nohup with SIGHUP, and so would the scripts'
	// commands be. What is caught here is at its default in them.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGHUP)
	status := m.Run()
	if err := os.RemoveAll(bin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// goRace is GORACE for the binaries: with RACE=1 each would sleep for a second before it exits.
const goRace = "atexit_sleep_ms=0"

func build(bin string) error {
	args := []string{"build", "-o", bin + string(filepath.Separator)}
	if os.Getenv("RACE") == "1" {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "./cmd/...")...)
	cmd.Dir = top
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
	}
	return os.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

// TestScript runs the scripts that need no server.
func TestScript(t *testing.T) {
	runScripts(t, nil, func(name string) bool {
		return !strings.HasPrefix(name, "s3-") && !strings.HasPrefix(name, "postgres-")
	})
}

// TestScriptS3 runs the scripts named s3-*.txtar. Each has two buckets of its own, $BUCKET and $OTHER_BUCKET, on a
// MinIO at $S3_ENDPOINT, and the environment with which the binaries find and may use them.
func TestScriptS3(t *testing.T) {
	server := miniotest.Start(t)
	setup := func(env *testscript.Env) error {
		env.Vars = append(env.Vars, server.Env()...)
		env.Setenv("S3_ENDPOINT", server.Endpoint)
		env.Values[s3Server{}] = server
		env.Setenv("BUCKET", server.NewBucket(env.T().(testing.TB)))
		env.Setenv("OTHER_BUCKET", server.NewBucket(env.T().(testing.TB)))
		return nil
	}
	runScripts(t, setup, func(name string) bool { return strings.HasPrefix(name, "s3-") })
}

// TestScriptPostgres runs the scripts named postgres-*.txtar. Each has a database of its own, whose URL is
// $DATABASE.
func TestScriptPostgres(t *testing.T) {
	server := postgrestest.Start(t)
	setup := func(env *testscript.Env) error {
		env.Setenv("DATABASE", server.NewDatabase(env.T().(testing.TB)))
		return nil
	}
	runScripts(t, setup, func(name string) bool { return strings.HasPrefix(name, "postgres-") })
}

// runScripts runs the scripts whose names are wanted, in an environment that knows nothing of the user's own
// AWS configuration, nor of the network. No script at all is nothing to run.
func runScripts(t *testing.T, setup func(*testscript.Env) error, wanted func(name string) bool) {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join(top, "testdata", "script", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	files := make([]string, 0, len(scripts))
	for _, script := range scripts {
		if wanted(filepath.Base(script)) {
			files = append(files, script)
		}
	}
	if len(files) == 0 {
		return
	}
	testscript.Run(t, testscript.Params{
		Files:     files,
		Cmds:      commands(),
		Condition: condition,
		Setup: func(env *testscript.Env) error {
			if err := setupScript(env); err != nil || setup == nil {
				return err
			}
			return setup(env)
		},
		RequireUniqueNames: true,
	})
}

// condition tells what scripts ask of the machine: [root], [tmpfs].
func condition(name string) (bool, error) {
	switch name {
	case "root":
		return os.Geteuid() == 0, nil
	case "tmpfs":
		return exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", os.TempDir()).Run() == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// setupScript gives every script a home of its own, $TESTDATA, the project's testdata directory, and a $KEY and
// its $CERT from $KEYS.
func setupScript(env *testscript.Env) error {
	testdata, err := filepath.Abs(filepath.Join(top, "testdata"))
	if err != nil {
		return err
	}
	home := filepath.Join(env.WorkDir, ".home")
	env.Setenv("HOME", home)
	env.Setenv("TESTDATA", testdata)
	keys := filepath.Join(testdata, "bundle", "keys")
	env.Setenv("KEYS", keys)
	env.Setenv("KEY", filepath.Join(keys, "user2048-key.pem"))
	env.Setenv("CERT", filepath.Join(keys, "user2048-cert.pem"))
	env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	env.Setenv("GORACE", goRace)
	env.Values[testingTB{}] = env.T()
	return os.Mkdir(home, 0o700)
}
