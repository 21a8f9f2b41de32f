package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"amiforge/diskimg"
	"amiforge/internal/rootfs"
)

func TestRunOfNothing(t *testing.T) {
	report, err := Run(context.Background(), &Image{Root: rootfs.New(fstest.MapFS{})}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := report.Count(Error); n > 0 {
		t.Errorf("%d errors: %v", n, report.Findings)
	}
	b, err := json.Marshal(report)
	var back Report
	if err == nil {
		err = json.Unmarshal(b, &back)
	}
	if err != nil || len(back.Findings) != len(report.Findings) {
		t.Error(err, back)
	}
}

func TestRunRefuses(t *testing.T) {
	image := &Image{Root: rootfs.New(fstest.MapFS{})}
	for _, opts := range []*Options{{Skip: []string{"NONE"}}, {Allow: []Allow{{ID: "none"}}}} {
		if report, err := Run(context.Background(), image, opts); err == nil || report != nil {
			t.Errorf("%+v: got %v, %v", opts, report, err)
		}
	}
}

// TestAllowed counts the findings that are known.
func TestAllowed(t *testing.T) {
	x := readFixture(t, "testdata/LOGS-left.txtar")
	x.opts.Allow = []Allow{{"LOGS", "/var/log/journal/**"}}
	report, err := Run(context.Background(), x.image, &x.opts)
	if err != nil || report.Allowed != 1 || len(report.Findings) != 1 {
		t.Error(report, err)
	}
}

// A broken file system fails to read files whose name has bad in it.
type broken struct{ fstest.MapFS }

var errBroken = errors.New("bad sector")

func (b broken) Open(name string) (fs.File, error) {
	if strings.Contains(name, "bad") || name == "etc/shadow" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errBroken}
	}
	return b.MapFS.Open(name)
}

func (b broken) ReadDir(name string) ([]fs.DirEntry, error) {
	if strings.Contains(name, "bad") {
		return nil, errBroken
	}
	return b.MapFS.ReadDir(name)
}

func TestUnread(t *testing.T) {
	image := &Image{Root: rootfs.New(broken{fstest.MapFS{
		"etc/shadow":   {Data: []byte("root:*:1::::::\n")},
		"etc/bad.conf": {Data: []byte("x")},
		"var/bad/x":    {Data: []byte("x")},
	}})}
	report, err := Run(context.Background(), image, nil)
	if !errors.Is(err, ErrUnread) || report == nil {
		t.Fatal(report, err)
	}
	var got []string
	for _, u := range report.Unread {
		got = append(got, u.Path+" "+u.Error)
	}
	if want := "/etc/bad.conf bad sector,/etc/shadow bad sector,/var/bad bad sector"; strings.Join(got, ",") != want {
		t.Errorf("got %q", got)
	}
}

func TestTooLong(t *testing.T) {
	long := bytes.Repeat([]byte("user:x:1:1::/:/bin/sh\n"), 1_000_000)
	image := &Image{Root: rootfs.New(fstest.MapFS{"etc/passwd": {Data: long}})}
	report, err := Run(context.Background(), image, nil)
	if !errors.Is(err, ErrUnread) || len(report.Unread) != 1 || report.Unread[0].Path != "/etc/passwd" {
		t.Error(report, err)
	}
}

// TestMaxRead has more in the files than is to be read.
func TestMaxRead(t *testing.T) {
	files, packed := fstest.MapFS{}, []byte(gzipped(t, strings.Repeat("x\n", 1<<20)))
	for i := range 10 {
		files[fmt.Sprintf("srv/%d", i)] = &fstest.MapFile{Data: bytes.Repeat([]byte("x\n"), 1<<20)}
		files[fmt.Sprintf("opt/%d.gz", i)] = &fstest.MapFile{Data: packed}
	}
	for most, unread := range map[int64]bool{0: false, 100 << 20: false, 25 << 20: true, 10 << 20: true} {
		report, err := Run(context.Background(), &Image{Root: rootfs.New(files), MaxRead: most}, nil)
		if errors.Is(err, ErrUnread) != unread || unread && !strings.Contains(err.Error(), "a disk of this size") {
			t.Errorf("%d: %v", most, err)
		}
		if unread && len(report.Unread) != 1 {
			t.Errorf("%d: %+v", most, report.Unread)
		}
		if most > 0 && report.BytesScanned > most+20<<20 {
			t.Errorf("%d: %d bytes are read", most, report.BytesScanned)
		}
	}
}

// TestHostileTree has links to themselves, pipes and binary files wherever rules look.
func TestHostileTree(t *testing.T) {
	noise := bytes.Repeat([]byte{0, 1, 2, '\n', ':', 0xff, '=', '"', '(', '{', '@'}, 5000)
	names := []string{
		"etc/passwd", "etc/shadow", "etc/sudoers", "etc/group", "etc/ssh/sshd_config", "etc/fstab", "etc/rsyslog.conf", "etc/os-release",
		"etc/syslog-ng/syslog-ng.conf", "etc/filebeat/filebeat.yml", "boot/grub/menu.lst", "etc/machine-id", "var/lib/dpkg/status",
		"var/lib/dpkg/info/x.list", "etc/ld.so.preload", "etc/crontab", "etc/rc.local", "etc/hostname", "root/.ssh/authorized_keys",
		"etc/network/interfaces", "etc/audit/audisp-remote.conf", "etc/docker/daemon.json", "var/spool/cron/crontabs/x",
	}
	kinds := map[string]*fstest.MapFile{
		"noise":     {Data: noise},
		"long line": {Data: bytes.Repeat([]byte("* ("), 300_000)},
		"loop":      {Data: []byte("."), Mode: fs.ModeSymlink | 0o777},
		"pipe":      {Mode: fs.ModeNamedPipe},
		"device":    {Mode: fs.ModeDevice},
		"directory": {Mode: fs.ModeDir | 0o755},
		"empty":     {},
	}
	for kind, file := range kinds {
		t.Run(kind, func(t *testing.T) {
			tree := fstest.MapFS{"usr/sbin/sshd": {Data: []byte("program")}}
			for _, name := range names {
				tree[name] = file
			}
			report, err := Run(context.Background(), &Image{Root: rootfs.New(tree), Virtualization: "paravirtual"}, nil)
			if err != nil {
				t.Fatal(report.Unread, err)
			}
			for _, f := range report.Findings {
				if strings.ContainsAny(f.Message+f.Path, "\x00\x01\x1b\n") {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

// TestIncludeBombs has files that include themselves, again and again.
func TestIncludeBombs(t *testing.T) {
	const size = 1 << 20
	tree := fstest.MapFS{
		"usr/sbin/sshd":                {Data: []byte("program")},
		"etc/ssh/sshd_config":          {Data: bytes.Repeat([]byte("UseDNS no\nInclude sshd_config\n"), size/32)},
		"etc/sudoers":                  {Data: bytes.Repeat([]byte("root ALL=ALL\n@include /etc/sudoers\n"), size/40)},
		"etc/group":                    {Data: bytes.Repeat([]byte("group:x:1:\n"), size/12)},
		"etc/rsyslog.conf":             {Data: bytes.Repeat([]byte("type=\"omfwd\" (target\n"), size/24)},
		"etc/syslog-ng/syslog-ng.conf": {Data: bytes.Repeat([]byte("destination {tcp("), size/20)},
	}
	report, err := Run(context.Background(), &Image{Root: rootfs.New(tree)}, nil)
	if err != nil || report.Count(Error) == 0 {
		t.Error(report, err)
	}
}

// TestCancel ends a run in the walk.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	enough := errors.New("enough")
	opts := &Options{Progress: func(Progress) { cancel(enough) }}
	report, err := Run(ctx, &Image{Root: rootfs.New(fstest.MapFS{"etc/a": {Data: []byte("x")}})}, opts)
	if !errors.Is(err, enough) || report != nil {
		t.Error(report, err)
	}
}

// TestTooMany keeps so many findings of one rule only.
func TestTooMany(t *testing.T) {
	tree := fstest.MapFS{}
	for i := range 2 * maxFindings {
		tree[fmt.Sprintf("var/log/messages.%d", i)] = &fstest.MapFile{Data: []byte("x")}
	}
	report, err := Run(context.Background(), &Image{Root: rootfs.New(tree)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range report.Findings {
		if f.Rule == "LOGS" {
			n++
		}
	}
	if n != maxFindings+1 {
		t.Errorf("got %d findings", n)
	}
}

// TestChunks has all of a file in chunks, in order, with what went before it.
func TestChunks(t *testing.T) {
	for _, size := range []int{0, 1, overlap, chunkSize, chunkSize + overlap - 1, chunkSize + overlap, chunkSize + overlap + 1, 3*chunkSize + 7} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			data := bytes.Repeat([]byte("line\n0123456789"), size/15+1)[:size]
			var got []byte
			last := false
			scan := func(c *chunk) bool {
				if last || c.Offset+int64(c.New) != int64(len(got)) || c.Line != 1+newlines(data[:c.Offset]) {
					t.Errorf("at %d: new %d, line %d, after %d", c.Offset, c.New, c.Line, len(got))
				}
				if !bytes.Equal(c.Data[:c.New], data[c.Offset:][:c.New]) || len(got) > 0 && c.New < overlap {
					t.Errorf("at %d: not what was before", c.Offset)
				}
				got, last = append(got, c.Data[c.New:]...), c.Last
				return true
			}
			var d reading
			if err := d.chunks(context.Background(), bytes.NewReader(data), []scanner{scan}); err != nil {
				t.Fatal(err)
			}
			if !last || !bytes.Equal(got, data) || d.bytes.Load() != int64(size) {
				t.Errorf("got %d bytes, last %v", len(got), last)
			}
		})
	}
}

// TestEnough stops reading when no scanner wants more.
func TestEnough(t *testing.T) {
	var d reading
	calls := 0
	scan := func(*chunk) bool { calls++; return calls < 2 }
	if err := d.chunks(context.Background(), neverEnding{}, []scanner{scan, func(*chunk) bool { return false }}); err != nil || calls != 2 {
		t.Error(calls, err)
	}
}

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) { return len(p), nil }

func TestFreeSpace(t *testing.T) {
	data := []byte("0123456789")
	free := FreeSpace{Partition: "partition 1", Reader: bytes.NewReader(data), Extents: func(yield func(diskimg.Extent, error) bool) {
		_ = yield(diskimg.Extent{Offset: 1, Length: 2}, nil) && yield(diskimg.Extent{Offset: 5, Length: 3}, nil) && yield(diskimg.Extent{}, io.ErrUnexpectedEOF)
	}}
	p := &probe{&run{ctx: context.Background(), image: &Image{Free: []FreeSpace{free}}, unread: map[string]string{}}, &Rule{ID: "X"}}
	var got []string
	p.freeSpace(func(partition string, start int64) scanner {
		return func(c *chunk) bool { got = append(got, fmt.Sprintf("%s@%d %s", partition, start, c.Data)); return true }
	})
	if strings.Join(got, ",") != "partition 1@1 12,partition 1@5 567" || len(p.unread) != 1 {
		t.Error(got, p.unread)
	}
}

func TestSeverity(t *testing.T) {
	for _, s := range []Severity{Info, Warning, Error} {
		if got, err := ParseSeverity(s.String()); got != s || err != nil {
			t.Error(s, got, err)
		}
	}
	for _, name := range []string{"", "Error", "fatal"} {
		if _, err := ParseSeverity(name); err == nil {
			t.Errorf("%q is a severity", name)
		}
	}
	if _, err := json.Marshal(Severity(0)); err == nil {
		t.Error("0 is a severity")
	}
}

// What is mounted in a directory that is audited is told, and not entered.
func TestElsewhere(t *testing.T) {
	tree := fstest.MapFS{
		"proc":      {Mode: fs.ModeDir, Sys: &syscall.Stat_t{Dev: 2, Ino: 1}},
		"home":      {Mode: fs.ModeDir, Sys: &syscall.Stat_t{Dev: 3, Ino: 1}},
		"home/a/id": {Data: []byte(privateKey())},
	}
	report, err := Run(t.Context(), &Image{Root: rootfs.New(tree)}, nil)
	if err != nil || !slices.Equal(report.Elsewhere, []string{"/home"}) || report.Count(Error) != 0 {
		t.Errorf("%+v, %v", report, err)
	}
}
