package audit

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"amiforge/diskimg"
	"amiforge/diskimg/inspect"
	"amiforge/diskimg/partition"
	"amiforge/internal/rootfs"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// A fixture is a file of testdata: a tree, and what a rule has to say of it. README.md there has the lines of its comment.
type fixture struct {
	rule  string
	want  []string
	image *Image
	opts  Options
}

func readFixture(t *testing.T, file string) *fixture {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tree := fstest.MapFS{}
	x := &fixture{image: &Image{}, opts: Options{Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}}
	for _, f := range archive.Files {
		if name, ok := strings.CutPrefix(f.Name, "@free/"); ok {
			x.image.Free = append(x.image.Free, freeSpaceOf(name, f.Data))
			continue
		}
		tree[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
	}
	for _, line := range settings(archive.Comment) {
		key, value, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatalf("%s: line %q", file, line)
		}
		x.set(t, tree, key, strings.TrimSpace(value))
	}
	x.image.Root = rootfs.New(tree)
	for _, r := range Rules() {
		if r.ID != x.rule {
			x.opts.Skip = append(x.opts.Skip, r.ID)
		}
	}
	return x
}

func freeSpaceOf(name string, data []byte) FreeSpace {
	return FreeSpace{Partition: name, Reader: bytes.NewReader(data), Extents: func(yield func(diskimg.Extent, error) bool) {
		yield(diskimg.Extent{Offset: 0, Length: int64(len(data))}, nil)
	}}
}

func (x *fixture) set(t *testing.T, tree fstest.MapFS, key, value string) {
	t.Helper()
	words := strings.Fields(value)
	switch key {
	case "rule":
		x.rule = value
	case "want":
		x.want = append(x.want, value)
	case "mode":
		mode, err := strconv.ParseUint(words[1], 8, 32)
		if err != nil {
			t.Fatal(err)
		}
		tree[words[0]].Mode = unixMode(mode)
	case "dir":
		tree[value] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
	case "link":
		tree[words[0]] = &fstest.MapFile{Data: []byte(words[1]), Mode: fs.ModeSymlink | 0o777}
	case "now":
		now, err := time.Parse(time.DateOnly, value)
		if err != nil {
			t.Fatal(err)
		}
		x.opts.Now = now
	case "virtualization":
		x.image.Virtualization = value
	case "architecture":
		x.image.Architecture = value
	case "boot":
		mode, reason, _ := strings.Cut(value, " ")
		x.disk().Boot = inspect.Boot{Mode: inspect.BootMode(mode), Reason: reason}
	case "partition":
		x.disk().Table = &inspect.Table{Kind: partition.GPT}
		x.image.Disk.Partitions = append(x.image.Disk.Partitions, inspect.Partition{
			Partition:  partition.Partition{Index: len(x.image.Disk.Partitions) + 1, UUID: words[2], Name: "root"},
			FileSystem: &inspect.FileSystem{Type: words[0], UUID: words[1], Label: "cloudimg-rootfs"},
		})
	case "description":
		x.meta().Description = strings.Trim(value, `"`)
	case "tag":
		x.meta().Tags = map[string]string{words[0]: words[1]}
	case "encrypted":
		x.meta().EncryptedVolumes = words
	case "product":
		x.meta().ProductCodes = words
	default:
		t.Fatalf("%s is nothing that a fixture has", key)
	}
}

func unixMode(m uint64) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	if m&0o4000 != 0 {
		mode |= fs.ModeSetuid
	}
	if m&0o2000 != 0 {
		mode |= fs.ModeSetgid
	}
	return mode
}

func (x *fixture) disk() *inspect.Report {
	if x.image.Disk == nil {
		x.image.Disk = &inspect.Report{}
	}
	return x.image.Disk
}

func (x *fixture) meta() *Metadata {
	if x.image.Meta == nil {
		x.image.Meta = &Metadata{}
	}
	return x.image.Meta
}

// TestFixtures runs the rule of each fixture on its tree.
func TestFixtures(t *testing.T) {
	for _, file := range fixtures(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			x := readFixture(t, file)
			report, err := Run(context.Background(), x.image, &x.opts)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range report.Findings {
				if f.Rule != x.rule {
					t.Errorf("a finding of %s", f.Rule)
				}
				got = append(got, fmt.Sprintf("%s %s:%d %s", f.Severity, f.Path, f.Line, f.Message))
			}
			if diff := cmp.Diff(x.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func fixtures(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	return files
}

// TestEveryRule has a fixture that violates it, to its worst severity, and one that does not.
func TestEveryRule(t *testing.T) {
	worst, clean := map[string]Severity{}, map[string]bool{}
	for _, file := range fixtures(t) {
		x := readFixture(t, file)
		if len(x.want) == 0 {
			clean[x.rule] = true
		}
		for _, want := range x.want {
			name, _, _ := strings.Cut(want, " ")
			s, err := ParseSeverity(name)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			worst[x.rule] = max(worst[x.rule], s)
		}
	}
	for _, r := range Rules() {
		t.Run(r.ID, func(t *testing.T) {
			if worst[r.ID] != r.Severity {
				t.Errorf("the worst that the fixtures want of it is %v, and it says %v", worst[r.ID], r.Severity)
			}
			if !clean[r.ID] {
				t.Error("no fixture is clean")
			}
		})
	}
}

func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		t.Run(r.ID, func(t *testing.T) {
			switch {
			case seen[r.ID]:
				t.Error("there are two")
			case r.ID == "" || strings.Trim(r.ID, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "":
				t.Error("its ID is none")
			case r.Title == "" || r.Severity < Info || r.Severity > Error || len(r.Sources) == 0:
				t.Error("it is not whole")
			case !strings.HasSuffix(r.Advice, "."):
				t.Errorf("its advice is no sentence: %q", r.Advice)
			case r.check == nil && r.begin == nil:
				t.Error("it checks nothing")
			}
			seen[r.ID] = true
			for _, source := range r.Sources {
				if Sources()[source] == "" {
					t.Errorf("its source %s is not known", source)
				}
			}
		})
	}
}

// TestDocs compares the table of docs/audit.md with Rules. Run with UPDATE_DOCS=1 to write it.
func TestDocs(t *testing.T) {
	const file, begin, end = "../../docs/audit.md", "<!-- rules -->\n", "<!-- /rules -->"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), begin)
	table, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		t.Fatalf("%s has no place for the table", file)
	}
	want := "\n" + RuleTable() + "\n"
	if table == want {
		return
	}
	if os.Getenv("UPDATE_DOCS") == "" {
		t.Fatalf("the table is not that of Rules: run UPDATE_DOCS=1 go test ./internal/audit -run TestDocs\n%s", cmp.Diff(table, want))
	}
	if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestAllow(t *testing.T) {
	f := Finding{Rule: "LOGS", Path: "/var/log/syslog"}
	for s, want := range map[string]bool{
		"LOGS": true, "LOGS:/var/log/syslog": true, "LOGS:/var/log/*": true, "LOGS:/var/**": true, "LOGS:/**": true,
		"SUDO": false, "LOGS:/var/*": false, "LOGS:/var/lo/**": false, "LOGS:/var/log": false,
	} {
		a, err := ParseAllow(s)
		if err != nil {
			t.Error(err)
		}
		if got := a.matches(f); got != want {
			t.Errorf("%s: got %v", s, got)
		}
	}
	for _, s := range []string{"", "NONE", "LOGS:", "LOGS:var", "LOGS:/[", ":/x", "logs"} {
		if _, err := ParseAllow(s); err == nil {
			t.Errorf("%q is accepted", s)
		}
	}
}

func TestSortedFindings(t *testing.T) {
	x := readFixture(t, "testdata/LOGS-left.txtar")
	x.opts.Skip = nil
	report, err := Run(context.Background(), x.image, &x.opts)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(report.Findings, Finding.compare) {
		t.Error(report.Findings)
	}
}
