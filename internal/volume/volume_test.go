package volume

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiforge/diskimg/ext4"
	"amiforge/diskimg/partition"
	"amiforge/internal/oracle"
	"amiforge/internal/tree"
)

// A list is a Source of items in memory. fails comes in the place of io.EOF.
type list struct {
	items []tree.Item
	fails error
	next  func() // called by each Next
}

func (l *list) Next() (*tree.Item, error) {
	if l.next != nil {
		l.next()
	}
	if len(l.items) == 0 {
		if l.fails != nil {
			return nil, l.fails
		}
		return nil, io.EOF
	}
	item := l.items[0]
	l.items = l.items[1:]
	return &item, nil
}

func (l *list) Close() error { return nil }

func at() time.Time { return time.Unix(1700000000, 0) }

func dir(name string) tree.Item {
	return tree.Item{Entry: ext4.Entry{Name: name, Mode: fs.ModeDir | 0o755, ModTime: at()}}
}

func file(name, content string) tree.Item {
	e := ext4.Entry{Name: name, Mode: 0o644, ModTime: at(), Size: int64(len(content))}
	return tree.Item{Entry: e, Content: strings.NewReader(content)}
}

func link(name, target string) tree.Item {
	return tree.Item{Entry: ext4.Entry{Name: name, Mode: 0o644}, HardLink: target}
}

func small() *list {
	return &list{items: []tree.Item{dir("."), dir("etc"), file("etc/fstab", "LABEL=old / ext4\n"), link("etc/same", "etc/fstab"), dir("dev")}}
}

// build makes a volume in a file, and returns its path.
func build(t *testing.T, src tree.Source, opts *Options) (path string, r *Result, err error) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "volume"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if r, err = Build(t.Context(), src, f, opts); err == nil {
		err = f.Truncate(r.Size)
	}
	return f.Name(), r, err
}

// TestBuild has e2fsck look at each volume: alone and in a partition, of every size.
func TestBuild(t *testing.T) {
	e2fsck := oracle.Look(t, "e2fsck")
	for _, kind := range []partition.Kind{"", partition.MBR, partition.GPT} {
		for _, size := range []int64{0, 4 << 20, 4<<20 + 1, 5<<20 - 4096, 64 << 20} {
			t.Run(fmt.Sprintf("%s %d", kind, size), func(t *testing.T) {
				path, r, err := build(t, small(), &Options{Size: size, Partition: kind, Label: "root", Time: at()})
				if err != nil {
					t.Fatal(err)
				}
				if size > 0 && (r.Size > size || r.Size <= size-mib) || r.Size <= 0 {
					t.Errorf("%d bytes of %d", r.Size, size)
				}
				if r.Files != 5 {
					t.Errorf("%d files", r.Files)
				}
				disk, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				table, err := partition.Read(bytes.NewReader(disk), int64(len(disk)))
				switch {
				case err != nil || (table != nil) != (kind != ""):
					t.Fatalf("table %v (%v)", table, err)
				case table != nil:
					if len(table.Warnings) > 0 || len(table.Partitions) != 1 {
						t.Fatalf("%+v", table)
					}
					p := table.Partitions[0]
					path += ".part"
					if err := os.WriteFile(path, disk[p.Start:p.Start+p.Size], 0o600); err != nil {
						t.Fatal(err)
					}
				}
				oracle.Run(t, e2fsck, "-fn", path)
			})
		}
	}
}

func TestBuildTooSmall(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 1<<20) // 16 MiB
	for _, kind := range []partition.Kind{"", partition.MBR, partition.GPT} {
		for _, size := range []int64{1, 4096, 1 << 20, 3 << 20, 16 << 20} {
			src := func() *list { return &list{items: []tree.Item{dir("."), file("big", big)}} }
			_, _, err := build(t, src(), &Options{Size: size, Partition: kind})
			e, ok := errors.AsType[*SizeError](err)
			if !ok || e.Size != size || e.Need%mib != 0 {
				t.Fatalf("%s of %d: %v", kind, size, err)
			}
			if _, r, err := build(t, src(), &Options{Size: e.Need, Partition: kind}); err != nil || r.Size > e.Need {
				t.Errorf("%s: %d would do, and does not: %v", kind, e.Need, err)
			}
		}
	}
}

// A disk that is too long for its table is refused before anything is read.
func TestBuildTooLong(t *testing.T) {
	src := small()
	had := len(src.items)
	if _, _, err := build(t, src, &Options{Size: 3 << 40, Partition: partition.MBR}); err == nil || len(src.items) != had {
		t.Errorf("%v after %d items", err, had-len(src.items))
	}
}

// The same tree becomes the same volume, if the randomness is the same.
func TestBuildDeterministic(t *testing.T) {
	sums := map[string]bool{}
	for _, seed := range []int{1, 1, 1, 2} {
		path, _, err := build(t, small(), &Options{Partition: partition.GPT, Time: at(), Rand: Random(seed)})
		if err != nil {
			t.Fatal(err)
		}
		disk, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sums[string(disk)] = true
	}
	if len(sums) != 2 {
		t.Errorf("%d volumes, want 2", len(sums))
	}
}

func TestBuildFails(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name string
		src  tree.Source
		opts *Options
		want string
	}{
		{"source", &list{fails: boom}, nil, "boom"},
		{"link to nothing", &list{items: []tree.Item{link("a", "b")}}, nil, "b"},
		{"content that ends early", &list{items: []tree.Item{{Entry: ext4.Entry{Name: "a", Mode: 0o644, Size: 10}, Content: strings.NewReader("short")}}}, nil, "a"},
		{"name that leads out", &list{items: []tree.Item{file("../a", "")}}, nil, "../a"},
		{"label", &list{}, &Options{Label: "longer than sixteen"}, "label"},
		{"table", &list{}, &Options{Partition: "bsd"}, "bsd"},
		{"boot code", &list{}, &Options{Partition: partition.GPT, BootCode: make([]byte, 441)}, "441 bytes"},
		{"too large", &list{}, &Options{Size: 1 << 60}, "16 TiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := build(t, tt.src, tt.opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func TestBuildCancelled(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	src := small()
	src.next = func() { cancel(cause) }
	if _, err := Build(ctx, src, brokenDisk{}, nil); !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
}

// A brokenDisk takes nothing.
type brokenDisk struct{}

var errBroken = errors.New("the disk is broken")

func (brokenDisk) WriteAt([]byte, int64) (int, error) { return 0, errBroken }

// The error of the destination comes as it is.
func TestBuildBrokenDisk(t *testing.T) {
	if _, err := Build(t.Context(), small(), brokenDisk{}, nil); err != errBroken {
		t.Errorf("%v", err)
	}
}

// names returns what a source gives.
func names(t *testing.T, src tree.Source) []string {
	t.Helper()
	var all []string
	for {
		item, err := src.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, item.Name)
	}
}

func TestDevices(t *testing.T) {
	nodes := []string{"dev/console", "dev/full", "dev/null", "dev/random", "dev/tty", "dev/urandom", "dev/zero"}
	for _, tt := range []struct {
		name  string
		items []tree.Item
		adds  bool
	}{
		{"empty", []tree.Item{dir("dev"), dir("etc")}, true},
		{"filled", []tree.Item{dir("dev"), file("dev/x", "")}, false},
		{"none", []tree.Item{dir("etc"), dir("device")}, false},
		{"a file", []tree.Item{file("dev", "")}, false},
		{"another", []tree.Item{dir("srv"), dir("srv/dev")}, false},
	} {
		want := names(t, &list{items: tt.items})
		if tt.adds {
			want = append(want, nodes...)
		}
		if diff := cmp.Diff(want, names(t, Devices(&list{items: tt.items}, at()))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestModTimes(t *testing.T) {
	item := dir("etc")
	item.AccessTime, item.ChangeTime, item.BirthTime = at(), at(), at()
	got, err := ModTimes(&list{items: []tree.Item{item}}).Next()
	if err != nil {
		t.Fatal(err)
	}
	if want := dir("etc"); got.Entry.ModTime != want.ModTime || !got.AccessTime.IsZero() || !got.ChangeTime.IsZero() || !got.BirthTime.IsZero() {
		t.Errorf("%+v", got)
	}
}
