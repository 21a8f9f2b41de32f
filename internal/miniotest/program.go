package miniotest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
)

// program returns the path of a MinIO server: the one on PATH, else the pinned one, built if need be.
func program() (string, error) {
	if path, err := exec.LookPath("minio"); err == nil {
		return path, nil
	}
	module, err := moduleDir()
	if err != nil {
		return "", err
	}
	version, err := pinned(module)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "amiforge")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "minio-"+version)
	return path, buildOnce(module, path)
}

// moduleDir finds the nested module above or below the working directory, which in a test is its package's.
func moduleDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		module := filepath.Join(dir, "internal", "miniotest", "server")
		if _, err := os.Stat(filepath.Join(module, "go.mod")); err == nil {
			return module, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("internal/miniotest/server/go.mod is not above the working directory")
		}
		dir = parent
	}
}

// pinned returns the version of MinIO that the nested module requires.
func pinned(module string) (string, error) {
	path := filepath.Join(module, "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	match := regexp.MustCompile(`(?m)^\s*github\.com/minio/minio (v\S+)`).FindSubmatch(text)
	if match == nil {
		return "", fmt.Errorf("%s: github.com/minio/minio is not required", path)
	}
	return string(match[1]), nil
}

// buildOnce builds the server at path unless it is there. Test packages that run in parallel wait for one
// another at a lock, which ends with its process, and all but the first find the server built.
func buildOnce(module, path string) (err error) {
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	return build(module, path)
}

// build compiles the server and gives it its name when it is whole.
func build(module, path string) error {
	// Seen at once with go test -v, or when a package is tested alone in its directory.
	fmt.Fprintf(os.Stderr, "building MinIO into %s: about four minutes, this once\n", path)
	temp := fmt.Sprintf("%s.%d.tmp", path, os.Getpid())
	defer os.Remove(temp) // gone already if all went well
	cmd := exec.Command("go", "build", "-trimpath", "-o", temp, "github.com/minio/minio")
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly", "GOOS=", "GOARCH=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return os.Rename(temp, path)
}
