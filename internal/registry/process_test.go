package registry

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"amiforge/internal/miniotest"
	"amiforge/internal/postgrestest"
)

// registryVar names the directory in which this program, run by a test, registers the name web-1.
const registryVar = "AMIFORGE_TEST_REGISTRY"

func TestMain(m *testing.M) {
	if dir := os.Getenv(registryVar); dir != "" {
		registerForParent(dir)
		return
	}
	miniotest.Main(postgrestest.With(m))
}

// registerForParent prints the ID that the registration got, or the error.
func registerForParent(dir string) {
	m, err := New(NewDirKeys(dir), nil).Register(context.Background(), web("web-1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.ID)
}

// TestRaceOfProcesses has processes, not goroutines, register one name in one directory.
func TestRaceOfProcesses(t *testing.T) {
	dir := t.TempDir()
	answers := make([]string, 8)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() { answers[i] = registerInProcess(t, dir) })
	}
	group.Wait()

	all := describe(t, New(NewDirKeys(dir), nil), Query{})
	if len(all) != 1 {
		t.Fatalf("images are %v, want one; answers %q", idsOf(all), answers)
	}
	won := 0
	for _, answer := range answers {
		if answer == all[0].ID {
			won++
		} else if want := "AMI name web-1 is already in use by AMI " + all[0].ID; !strings.HasSuffix(answer, want) {
			t.Errorf("answer is %q, want %s", answer, want)
		}
	}
	if won != 1 {
		t.Errorf("%d processes won, want 1", won)
	}
}

func registerInProcess(t *testing.T, dir string) string {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), registryVar+"="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("process: %v: %s", err, out)
	}
	return string(bytes.TrimSpace(out))
}
