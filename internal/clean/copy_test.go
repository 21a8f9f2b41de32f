package clean_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiforge/diskimg"
	"amiforge/diskimg/ext4"
	"amiforge/internal/auditimage"
	"amiforge/internal/clean"
)

// made is when the files of tests were made, and cleaned when the copies were.
func made() time.Time    { return time.Unix(1_600_000_000, 5).UTC() }
func cleaned() time.Time { return time.Unix(1_700_000_000, 0).UTC() }

const fsSize = 16 << 20

// A tree has files by name: their content, or a slash for a directory, "-> target" for a symbolic link, or "= name" for
// another name of a file, which comes after it.
type tree map[string]string

// write makes a file system of the tree at off in the file f.
func (tr tree) write(t *testing.T, f io.WriterAt, off int64) {
	t.Helper()
	w, err := ext4.Create(io.NewOffsetWriter(f, off), &ext4.CreateOptions{Size: fsSize, UUID: [16]byte{1, 2, 3}, Label: "root", Time: made()})
	if err != nil {
		t.Fatal(err)
	}
	for _, links := range []bool{false, true} {
		for _, name := range slices.Sorted(mapsKeys(tr)) {
			content := tr[name]
			if target, ok := strings.CutPrefix(content, "= "); ok {
				if links {
					check(t, w.Link(name, target))
				}
				continue
			}
			if links {
				continue
			}
			e := &ext4.Entry{Name: name, Mode: 0o640, UID: 7, GID: 8, ModTime: made(), Size: int64(len(content)), Xattrs: []ext4.Xattr{{Name: "user.a", Value: []byte("b")}}}
			if target, ok := strings.CutPrefix(content, "-> "); ok {
				e.Mode, e.Size, e.Link = fs.ModeSymlink|0o777, 0, target
			} else if content == "/" {
				e.Mode, e.Size = fs.ModeDir|0o751, 0
			}
			check(t, w.Add(e, strings.NewReader(content)))
		}
	}
	_, err = w.Finish()
	check(t, err)
}

func mapsKeys(tr tree) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name := range tr {
			if !yield(name) {
				return
			}
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newFile makes a file of size bytes that is a hole.
func newFile(t *testing.T, name string, size int64) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), name))
	check(t, err)
	t.Cleanup(func() { f.Close() })
	check(t, f.Truncate(size))
	return f
}

// open opens a disk, and what is on it.
func open(t *testing.T, f *os.File) (*diskimg.Disk, *auditimage.Image) {
	t.Helper()
	d, err := diskimg.OpenFile(f.Name(), &diskimg.OpenOptions{Format: diskimg.RAW})
	check(t, err)
	t.Cleanup(func() { d.Close() })
	image, err := auditimage.Open(d)
	check(t, err)
	t.Cleanup(func() { image.Close() })
	return d, image
}

// copyDisk makes a cleaned copy of a disk.
func copyDisk(t *testing.T, f *os.File, opts clean.Options) (*os.File, *clean.Result, error) {
	t.Helper()
	d, image := open(t, f)
	dst := newFile(t, "copy", d.Size())
	if opts.Time.IsZero() {
		opts.Time = cleaned()
	}
	result, err := clean.Copy(t.Context(), dst, d, image, opts)
	return dst, result, err
}

// listing has a line for each file: what it is, and its attributes.
func listing(t *testing.T, f *os.File, off int64) (list []string) {
	t.Helper()
	fsys, err := ext4.Open(io.NewSectionReader(f, off, fsSize), fsSize, nil)
	check(t, err)
	check(t, fs.WalkDir(fsys, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || name == "lost+found" || name == "." {
			return err
		}
		e, err := fsys.Entry(name)
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s %v %d:%d %v %d %v", name, e.Mode, e.UID, e.GID, e.ModTime.UTC().Format(time.RFC3339Nano), len(e.Xattrs), e.Link)
		if e.Mode.IsRegular() {
			b, err := fsys.ReadFile(name)
			if err != nil {
				return err
			}
			line += fmt.Sprintf("%q", b)
		}
		list = append(list, line)
		return nil
	}))
	return list
}

func TestCopy(t *testing.T) {
	const shadow = "root:$6$salt$hash:1:0:9:7:::\njoe:$6$salt$hash:1:0:9:7:::\n"
	const passwd = "root:x:0:0::/root:/bin/sh\njoe:x:7:7::/srv/joe:/bin/sh\n"
	const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\nQyNTUxOQAAACA=\n-----END OPENSSH PRIVATE KEY-----\n"
	tests := []struct {
		name  string
		files tree
		keep  string   // the rule or path that stays
		want  tree     // what is otherwise: a new content, or gone
		says  []string // the changes, without the rules
	}{
		{"nothing", tree{"etc/passwd": passwd, "usr/bin/tool": "x", "tmp": "/"}, "", nil, nil},
		{
			"the keys of the host",
			tree{"etc/ssh/ssh_host_rsa_key": "k", "etc/ssh/ssh_host_rsa_key.pub": "k", "etc/ssh/sshd_config": "x"},
			"",
			tree{"etc/ssh/ssh_host_rsa_key": gone, "etc/ssh/ssh_host_rsa_key.pub": gone},
			[]string{"removed /etc/ssh/ssh_host_rsa_key", "removed /etc/ssh/ssh_host_rsa_key.pub"},
		},
		{
			"the keys of Dropbear",
			tree{"etc/dropbear/dropbear_rsa_host_key": "k", "etc/dropbear/authorized_keys": "k", "etc/dropbear/initramfs/dropbear_ecdsa_host_key": "k", "etc/dropbear-initramfs/authorized_keys": "k", "etc/dropbear/initramfs/dropbear.conf": "x"},
			"",
			tree{"etc/dropbear/dropbear_rsa_host_key": gone, "etc/dropbear/authorized_keys": gone, "etc/dropbear/initramfs/dropbear_ecdsa_host_key": gone, "etc/dropbear-initramfs/authorized_keys": gone},
			[]string{"removed /etc/dropbear-initramfs/authorized_keys", "removed /etc/dropbear/authorized_keys", "removed /etc/dropbear/dropbear_rsa_host_key", "removed /etc/dropbear/initramfs/dropbear_ecdsa_host_key"},
		},
		{
			"root's password",
			tree{"etc/shadow": shadow, "etc/shadow-": shadow, "etc/passwd": passwd},
			"",
			tree{"etc/shadow": strings.Replace(shadow, "$6$salt$hash", "*", 1), "etc/shadow-": strings.Replace(shadow, "$6$salt$hash", "*", 1)},
			[]string{"locked /etc/shadow", "locked /etc/shadow-"},
		},
		{"root's password stays", tree{"etc/shadow": shadow}, "ROOT-LOCK", nil, nil},
		{
			"homes of passwd",
			tree{"etc/passwd": passwd, "srv/joe/.bash_history": "x", "srv/joe/.ssh/id": key, "srv/joe/.ssh/id.pub": "x", "srv/.bash_history": "x", "srv/joe/src/key.go": key, "srv/joe/server.key": key, "home/a/b.pem": key, "home/a/src/b.pem": key},
			"",
			tree{"srv/joe/.bash_history": gone, "srv/joe/.ssh/id": gone, "home/a/b.pem": gone},
			[]string{"removed /home/a/b.pem", "removed /srv/joe/.bash_history", "removed /srv/joe/.ssh/id"},
		},
		{
			"the root directory as a home",
			tree{"etc/passwd": "nobody:*:7:7::/:/bin/sh\n", ".bash_history": "x", ".ssh/authorized_keys": "x", ".aws/credentials": "x", "key.pem": key, "srv/.bash_history": "x", "etc/.bash_history": "x", "usr/.ssh/authorized_keys": "x"},
			"",
			tree{".bash_history": gone, ".ssh/authorized_keys": gone, ".aws/credentials": gone},
			[]string{"removed /.aws/credentials", "removed /.bash_history", "removed /.ssh/authorized_keys"},
		},
		{"the root directory as nobody's home", tree{"etc/passwd": passwd, ".bash_history": "x"}, "", nil, nil},
		{
			"credentials that are none",
			tree{"root/.aws/config": "[default]\nregion = x\n", "root/.aws/credentials": "[default]\n", "root/.docker/config.json": "{}"},
			"",
			tree{"root/.aws/credentials": gone},
			[]string{"removed /root/.aws/credentials"},
		},
		{
			"logs",
			tree{"var/log/a/b.log": "x", "var/log/a/b.log.1": "x", "var/log/syslog-20200101": "x", "var/log/none": "", "var/log/README": "-> ../x", "var/log/journal/1/system.journal": "x"},
			"",
			tree{"var/log/a/b.log": "", "var/log/a/b.log.1": gone, "var/log/syslog-20200101": gone, "var/log/journal/1": gone, "var/log/journal/1/system.journal": gone},
			[]string{"emptied /var/log/a/b.log", "removed /var/log/a/b.log.1", "removed /var/log/journal/1 1", "removed /var/log/syslog-20200101"},
		},
		{
			"one log stays",
			tree{"var/log/journal/1/a.journal": "x", "var/log/journal/1/b.journal": "x", "var/log/journal/1/c.journal": "x"},
			"/var/log/journal/1/b.journal",
			tree{"var/log/journal/1/a.journal": gone, "var/log/journal/1/c.journal": gone},
			[]string{"removed /var/log/journal/1/a.journal", "removed /var/log/journal/1/c.journal"},
		},
		{
			"identities",
			tree{"etc/machine-id": "abc\n", "var/lib/dbus/machine-id": "-> /etc/machine-id", "var/lib/systemd/random-seed": "x", "etc/hostname": "web1\n", "etc/resolv.conf": "-> /run/x"},
			"",
			tree{"etc/machine-id": "", "var/lib/systemd/random-seed": gone, "etc/hostname": ""},
			[]string{"emptied /etc/hostname", "emptied /etc/machine-id", "removed /var/lib/systemd/random-seed"},
		},
		{
			"secrets of one machine",
			tree{"var/lib/NetworkManager/secret_key": "x", "var/lib/NetworkManager/NetworkManager.state": "x", "var/lib/dhcpcd/duid": "x", "var/lib/dhcpcd/secret": "x", "etc/dhcpcd.duid": "x", "etc/dhcpcd.conf": "x", "boot/loader/random-seed": "x"},
			"",
			tree{"var/lib/NetworkManager/secret_key": gone, "var/lib/dhcpcd/duid": gone, "var/lib/dhcpcd/secret": gone, "etc/dhcpcd.duid": gone, "boot/loader/random-seed": gone},
			[]string{"removed /boot/loader/random-seed", "removed /etc/dhcpcd.duid", "removed /var/lib/NetworkManager/secret_key", "removed /var/lib/dhcpcd/duid", "removed /var/lib/dhcpcd/secret"},
		},
		{
			"mail and print jobs",
			tree{"root/dead.letter": "x", "home/a/dead.letter": "x", "home/a/letter": "x", "var/spool/cups/d00001-001": "x", "var/spool/cups/tmp": "x"},
			"",
			tree{"root/dead.letter": gone, "home/a/dead.letter": gone, "var/spool/cups/d00001-001": gone},
			[]string{"removed /home/a/dead.letter", "removed /root/dead.letter", "removed /var/spool/cups/d00001-001"},
		},
		{"what is of no machine", tree{"etc/hostname": "localhost\n", "etc/machine-id": "uninitialized\n", "etc/resolv.conf": "# local\nnameserver 127.0.0.53\n"}, "", nil, nil},
		{"another network", tree{"etc/resolv.conf": "nameserver 8.8.8.8\n"}, "", tree{"etc/resolv.conf": ""}, []string{"emptied /etc/resolv.conf"}},
		{
			"cloud-init",
			tree{"var/lib/cloud/instance": "-> instances/i", "var/lib/cloud/instances/i/user-data.txt": "x", "var/lib/cloud/seed/nocloud/meta-data": "x", "var/lib/cloud/scripts/per-boot/a": "x"},
			"",
			tree{"var/lib/cloud/instance": gone, "var/lib/cloud/instances/i": gone, "var/lib/cloud/instances/i/user-data.txt": gone},
			[]string{"removed /var/lib/cloud/instance", "removed /var/lib/cloud/instances/i 1"},
		},

		// Links lead nowhere.
		{"a link to a directory", tree{"var/log": "-> ../etc", "etc/app.conf": "x", "tmp": "-> usr", "usr/bin/a": "x"}, "", nil, nil},
		{"a link in a home", tree{"root/.ssh": "-> ../etc/ssh", "etc/ssh/authorized_keys": "x", "home/a": "-> ../etc", "etc/.bash_history": "x"}, "", tree{"etc/.bash_history": gone}, []string{"removed /etc/.bash_history"}},
		{"a link to a file", tree{"etc/shadow": "-> other", "etc/other": shadow, "etc/machine-id": "-> /etc/passwd", "etc/passwd": passwd}, "", nil, nil},
		{"a link in a place", tree{"tmp/a": "-> /etc/passwd", "etc/passwd": passwd}, "", tree{"tmp/a": gone}, []string{"removed /tmp/a"}},

		// Other names of files.
		{
			"a key under another name",
			tree{"aaa": "k", "etc/ssh/ssh_host_rsa_key": "= aaa", "usr/zzz": "= aaa"},
			"",
			tree{"aaa": gone, "etc/ssh/ssh_host_rsa_key": gone, "usr/zzz": gone},
			[]string{"removed /aaa", "removed /etc/ssh/ssh_host_rsa_key", "removed /usr/zzz"},
		},
		{"a key that is to be kept under another name", tree{"aaa": "k", "etc/ssh/ssh_host_rsa_key": "= aaa", "etc/ssh/ssh_host_dsa_key": "= aaa"}, "/etc/ssh/ssh_host_rsa_key", tree{"etc/ssh/ssh_host_dsa_key": gone}, []string{"removed /etc/ssh/ssh_host_dsa_key"}},
		{"shadow under another name", tree{"aaa": shadow, "etc/shadow": "= aaa"}, "", tree{"aaa": strings.Replace(shadow, "$6$salt$hash", "*", 1), "etc/shadow": strings.Replace(shadow, "$6$salt$hash", "*", 1)}, []string{"locked /etc/shadow"}},
		{"a temporary name", tree{"etc/passwd": passwd, "tmp/a": "= etc/passwd"}, "", tree{"tmp/a": gone}, []string{"removed /tmp/a"}},
		{"a first name that is temporary", tree{"tmp/a": "x", "usr/b": "= tmp/a", "usr/c": "= tmp/a", "tmp/d": "= tmp/a"}, "", tree{"tmp/a": gone, "tmp/d": gone}, []string{"removed /tmp/a", "removed /tmp/d"}},
		{"only temporary names", tree{"tmp/a": "x", "tmp/d/e": "= tmp/a"}, "", tree{"tmp/a": gone, "tmp/d": gone, "tmp/d/e": gone}, []string{"removed /tmp/a", "removed /tmp/d 1"}},

		// Kinds of files that are not what they should be.
		{"directories in the place of files", tree{"etc/shadow/root": "x", "etc/machine-id/a": "x", "root/.bash_history/a": "x", "etc/hostname": "/"}, "", nil, nil},
		{"a file in the place of a directory", tree{"var/log": "x", "tmp": "x", "root": "x", "home": "x"}, "", nil, nil},
		{"passwords of no form", tree{"etc/shadow": "root\n::\nroot:\n\x00\xff", "etc/passwd": "root::0:0::/:/bin/sh"}, "", tree{"etc/passwd": "root:*:0:0::/:/bin/sh"}, []string{"locked /etc/passwd"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := newFile(t, "disk", fsSize)
			tt.files.write(t, src, 0)
			before, want := listing(t, src, 0), []string{}
			keep := func(rule, path string) bool { return tt.keep != "" && (rule == tt.keep || path == tt.keep) }
			dst, result, err := copyDisk(t, src, clean.Options{Keep: keep})
			check(t, err)
			for _, line := range before {
				if line, ok := changed(line, tt.want); ok {
					want = append(want, line)
				}
			}
			if diff := cmp.Diff(want, listing(t, dst, 0)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			var says []string
			for _, c := range result.Changes {
				line := string(c.Action) + " " + c.Path
				if c.Files > 0 {
					line += fmt.Sprintf(" %d", c.Files)
				}
				says = append(says, line)
			}
			if diff := cmp.Diff(tt.says, says); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, listing(t, src, 0)); diff != "" {
				t.Errorf("the source was changed:\n%s", diff)
			}
		})
	}
}

// gone is the content of a file that the copy has not.
const gone = "\x00"

// changed returns a line of a listing as it is in the copy.
func changed(line string, want tree) (string, bool) {
	name, rest, _ := strings.Cut(line, " ")
	content, ok := want[name]
	if !ok || content == gone {
		return line, !ok
	}
	head := strings.ReplaceAll(rest[:strings.IndexByte(rest, '"')], made().Format(time.RFC3339Nano), cleaned().Format(time.RFC3339Nano))
	return fmt.Sprintf("%s %s%q", name, head, content), true
}

// What is to be known about a copy is said.
func TestNotes(t *testing.T) {
	const passwd = "root:x:0:0::/root:/bin/sh\n"
	tests := []struct {
		name  string
		files tree
		want  []string
	}{
		{"nothing", tree{"etc/passwd": passwd}, nil},
		{"no host keys", tree{"etc/ssh/ssh_host_rsa_key": "x"}, []string{"nothing is known to make SSH host keys when /etc/ssh has none"}},
		{"host keys by cloud-init", tree{"etc/ssh/ssh_host_rsa_key": "x", "usr/bin/cloud-init": "x"}, nil},
		{"host keys by a unit", tree{"etc/ssh/ssh_host_rsa_key": "x", "usr/lib/systemd/system/sshd-keygen@.service": "x"}, nil},
		{"extlinux", tree{"boot/extlinux/ldlinux.sys": "x", "etc/lilo.conf": "x"}, []string{"the boot loader of /boot/extlinux/ldlinux.sys finds"}},
		{"a swap file", tree{"etc/fstab": "/swap none swap sw 0 0\n/dev/sda2 none swap sw 0 0\n/none swap swap\n", "swap": "x"}, []string{"/swap is swap space"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := newFile(t, "disk", fsSize)
			tt.files.write(t, src, 0)
			_, result, err := copyDisk(t, src, clean.Options{})
			check(t, err)
			if len(result.Notes) != len(tt.want) {
				t.Fatalf("got notes %q, want %q", result.Notes, tt.want)
			}
			for i, note := range result.Notes {
				if !strings.HasPrefix(note, tt.want[i]) {
					t.Errorf("got note %q, want %q", note, tt.want[i])
				}
			}
		})
	}
}

// What was deleted is not in a copy, and neither is what the cleaning leaves out.
func TestNothingDeletedStays(t *testing.T) {
	const secret = "a secret that nobody may see"
	src := newFile(t, "disk", fsSize)
	tree{"etc/passwd": "root:x:0:0::/root:/bin/sh\n", "root/.bash_history": secret, "tmp/a": secret, "etc/a": "x"}.write(t, src, 0)
	_, err := src.WriteAt([]byte(secret), fsSize-4096) // a block that no file has
	check(t, err)
	_, err = src.WriteAt([]byte(secret), 512) // in front of the superblock
	check(t, err)
	dst, result, err := copyDisk(t, src, clean.Options{})
	check(t, err)
	b, err := io.ReadAll(dst)
	check(t, err)
	if bytes.Contains(b, []byte(secret)) {
		t.Error("the secret is in the copy")
	}
	if len(result.Notes) != 1 || !strings.Contains(result.Notes[0], "begins with boot code") {
		t.Errorf("got notes %q", result.Notes)
	}
}

// The same disk becomes the same copy, and a copy has nothing that is to be cleaned.
func TestDeterministic(t *testing.T) {
	src := newFile(t, "disk", fsSize)
	tree{"etc/passwd": "root:y:0:0::/root:/bin/sh\n", "root/.bash_history": "x", "tmp/a": "x", "var/log/x": "x", "usr/a": "= tmp/a"}.write(t, src, 0)
	one, _, err := copyDisk(t, src, clean.Options{})
	check(t, err)
	two, _, err := copyDisk(t, src, clean.Options{})
	check(t, err)
	three, result, err := copyDisk(t, one, clean.Options{})
	check(t, err)
	if len(result.Changes) > 0 {
		t.Errorf("a copy was cleaned again: %v", result.Changes)
	}
	for _, f := range []*os.File{two, three} {
		if !bytes.Equal(content(t, one), content(t, f)) {
			t.Error("the copies differ")
		}
	}
}

func content(t *testing.T, f *os.File) []byte {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	check(t, err)
	return b
}
