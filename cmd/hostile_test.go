package cmd_test

import (
	"bufio"
	"crypto/sha1"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The limits of testdata/bundle/README.md for a hostile bundle.
const (
	hostileMemory = 160 << 20
	hostileTime   = 2 * time.Second
)

// TestHostile runs the binaries on every hostile bundle of the vectors. What is refused leaves nothing behind;
// whatever happens, nothing is touched but what the command is for.
func TestHostile(t *testing.T) {
	accepted := map[string]bool{"parts-reordered": true, "bundle-ok": true, "bundle-sparse-ok": true, "bundle-tar-pax": true}
	missing := map[string]bool{"name-nul-like": true} // a good name, but no such file
	for name, outcome := range hostileCases(t) {
		t.Run(name, func(t *testing.T) {
			b, manifest := hostileBench(t, name)
			t.Log(outcome)
			restored, verified := 4, 4
			switch {
			case accepted[name]:
				restored, verified = 0, 0
			case missing[name]:
				restored = 5
			}
			b.hostile(restored, "out", "ami-unbundle", "-m", manifest, "-o", "out/image")
			if b.exists("out/image") != accepted[name] || !accepted[name] && b.names("out") != "" {
				t.Errorf("in the output directory: %q", b.names("out"))
			}
			b.hostile(verified, "", "ami-unbundle", "-m", manifest, "--verify")
			// A copy is checked part by part; the rest is the reader's business.
			b.hostile(-1, "store", "ami-upload", "-b", "./store", "-m", manifest)
			b.hostile(-1, "bundle", "ami-delete-bundle", manifest)
		})
	}
}

// hostileCases returns the names of the cases and what is expected of a safe tool.
func hostileCases(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(top, "testdata", "bundle", "adversarial", "EXPECT.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cases := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		name, outcome, _ := strings.Cut(s.Text(), "\t")
		cases[name] = outcome
	}
	if len(cases) < 50 {
		t.Fatalf("%d cases only", len(cases))
	}
	return cases
}

// hostileBench returns a bench with the case's bundle in the directory bundle, an empty directory out, and
// files that must stay as they are; and the manifest.
func hostileBench(t *testing.T, name string) (b *bench, manifest string) {
	t.Helper()
	b = newBench(t)
	source, manifest := "base", name+".manifest.xml"
	if strings.HasPrefix(name, "bundle-") {
		source, manifest = name, "x.img.manifest.xml"
	}
	from := filepath.Join(top, "testdata", "bundle", "adversarial")
	for _, dir := range []string{"bundle", "base"} { // a name with ../base in it leads to a part that is there
		if err := os.CopyFS(b.path(dir), os.DirFS(filepath.Join(from, source))); err != nil {
			t.Fatal(err)
		}
	}
	if source == "base" {
		document, err := os.ReadFile(filepath.Join(from, manifest))
		if err == nil {
			err = os.WriteFile(b.path("bundle/"+manifest), document, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"out", "store"} {
		if err := os.Mkdir(b.path(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return b, "bundle/" + manifest
}

// hostile runs a command that may write below the directory writes only, and wants a status; -1 for any that is
// a decision of its own.
func (b *bench) hostile(status int, writes string, args ...string) {
	b.Helper()
	before := b.tree(writes)
	e := b.run(args...)
	b.Logf("%v: status %d, %v, %d MiB\n%s", args[0], e.status, e.took.Round(time.Millisecond), e.peak>>20, e.stderr)
	switch {
	case status == -1 && (e.status < 0 || e.status > 5), status >= 0 && e.status != status:
		b.Errorf("%v: status is %d, want %d", args, e.status, status)
	case e.status != 0 && e.stderr == "":
		b.Errorf("%v: status %d without a word", args, e.status)
	case strings.Contains(e.stderr, "panic") || strings.Contains(e.stderr, "goroutine") || strings.Contains(e.stderr, "%!"):
		b.Errorf("%v: %s", args, e.stderr)
	}
	if diff := cmp.Diff(before, b.tree(writes)); diff != "" {
		b.Errorf("%v touched other files (-before +after):\n%s", args, diff)
	}
	slower := int64(1)
	if os.Getenv("RACE") == "1" {
		slower = 10
	}
	if e.peak > hostileMemory*slower || e.took > hostileTime*time.Duration(slower) {
		b.Errorf("%v: %d MiB of memory, %v", args, e.peak>>20, e.took)
	}
}

// tree returns the digests of all files of the bench but those below except.
func (b *bench) tree(except string) map[string]string {
	b.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(b.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if except != "" && path == b.path(except) {
			return fs.SkipDir
		}
		if !entry.Type().IsRegular() {
			files[path] = entry.Type().String()
			return nil
		}
		content, err := os.ReadFile(path)
		sum := sha1.Sum(content)
		files[path] = string(sum[:])
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return files
}
