package audit

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"amiforge/diskimg/ext4"
	"amiforge/internal/oracle"
	"amiforge/internal/rootfs"

	"github.com/google/go-cmp/cmp"
)

const (
	accessKey = "AKIAQ3EGVLH2TYX5MRWB"
	secretKey = "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"
	keyBody   = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"
)

func privateKey() string {
	return "-----BEGIN PRIVATE KEY-----\n" + keyBody + "\n-----END PRIVATE KEY-----\n"
}

// TestNoSecretIsTold has all rules report on the trees with secrets, and looks for these in all that is reported.
func TestNoSecretIsTold(t *testing.T) {
	secrets := []string{
		accessKey, accessKey[4:], secretKey, keyBody, "Gr4vityFalls", "dXNlcjpHcjR2aXR5RmFsbHM", "tr0ub4dor3x", "q7Rw2LxZ0bTfYk9u",
		"4eC39HqLyjWDarjtT1zdp7dc", "X4cTteJY_gn4FYPsXB8rdX", "GFPYYSJZGFPYYSJZ", "hvs.x", "AAAAIFFD", "AROAQ3EGVLH2TYX5MRWBK",
	}
	for _, file := range fixtures(t) {
		x := readFixture(t, file)
		x.opts.Skip = nil
		report, err := Run(context.Background(), x.image, &x.opts)
		if err != nil {
			t.Fatal(file, err)
		}
		b, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		told := string(b) + fmt.Sprintf("%+v", report)
		for _, s := range secrets {
			if strings.Contains(told, s) {
				t.Errorf("%s: %s is told", file, s)
			}
		}
	}
}

// secretsOf runs a rule on a tree.
func secretsOf(t *testing.T, rule string, tree fstest.MapFS) []string {
	t.Helper()
	report, err := Run(context.Background(), &Image{Root: rootfs.New(tree)}, &Options{Skip: others(rule)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range report.Findings {
		got = append(got, fmt.Sprintf("%s %s:%d %s", f.Severity, f.Path, f.Line, f.Message))
	}
	return got
}

func others(rule string) []string {
	var ids []string
	for _, r := range Rules() {
		if r.ID != rule {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func file(content string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(content), Mode: 0o644} }

func gzipped(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func deflated(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := io.WriteString(z, content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// wide returns text in UTF-16.
func wide(text string, order binary.AppendByteOrder) string {
	var b []byte
	for _, c := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, c)
	}
	return string(b)
}

func TestSecretText(t *testing.T) {
	lines := strings.Repeat("0123456\n", chunkSize/8)
	gz := gzipped(t, "first\nkey "+accessKey+"\n"+lines)
	bomb := gzipped(t, strings.Repeat("\x00", 1<<20))
	noise := rand.NewChaCha8([32]byte{}) // longer than a gzip of old was looked into
	random := make([]byte, 12<<20)
	noise.Read(random)
	tests := []struct {
		name, content string
		want          []string
	}{
		{"in.gz", gz, []string{"error /opt/in.gz:2 AWS access key ID in what is compressed"}},
		{"cut.gz", gz[:len(gz)-100], []string{"error /opt/cut.gz:2 AWS access key ID in what is compressed"}},
		{"not.gz", "key " + accessKey, []string{"error /opt/not.gz:1 AWS access key ID"}},
		{"long.gz", gzipped(t, string(random)+"\n"+accessKey+"\n"), []string{fmt.Sprintf("error /opt/long.gz:%d AWS access key ID in what is compressed", bytes.Count(random, []byte{'\n'})+2)}},
		{"backup.tgz", gzipped(t, privateKey()), []string{"error /opt/backup.tgz:1 private key in what is compressed"}},
		{"little.reg", wide("\ufeffkey "+accessKey, binary.LittleEndian), []string{"error /opt/little.reg:1 AWS access key ID in UTF-16"}},
		{"big.txt", wide("\ufeff\n"+privateKey(), binary.BigEndian), []string{"error /opt/big.txt:2 private key in UTF-16"}},
		{".git/objects/ab/" + strings.Repeat("c", 38), deflated(t, "blob 4\x00 "+accessKey), []string{"error /opt/.git/objects/ab/" + strings.Repeat("c", 38) + ":1 AWS access key ID in an object of git"}},
		{"key.gz", gzipped(t, privateKey()), []string{"error /opt/key.gz:1 private key in what is compressed"}},
		{"bomb.gz", bomb, nil},
		{"program", "\x7fELF\x00\x00" + accessKey + "\x00https://web:tr0ub4dor3x@db.corp.tld\x00", []string{"error /opt/program:1 AWS access key ID"}},
		{"late", lines + lines + lines + accessKey, []string{"error /opt/late:393217 AWS access key ID"}},
		{"border", lines[:len(lines)-10] + "\n\n" + accessKey + "\n" + lines, []string{fmt.Sprintf("error /opt/border:%d AWS access key ID", len(lines)/8+1)}},
		{"buffer", strings.Repeat("0123456\n", (chunkSize+overlap)/8-1) + accessKey + "\n" + lines, []string{fmt.Sprintf("error /opt/buffer:%d AWS access key ID", (chunkSize+overlap)/8)}},
		{"pem", privateKey(), nil}, // SSH-USERKEY has it
		{"pem behind", lines + privateKey(), []string{fmt.Sprintf("error /opt/pem behind:%d private key", chunkSize/8+1)}},
		{"empty", "", nil},
		{"concatenated", "\x00a token begins with hvs.openat2statxAbcdefghijklmnop1", nil},
		{"site-packages/x/tests/a.py", "key " + accessKey, []string{"warning /opt/site-packages/x/tests/a.py:1 AWS access key ID"}},
		{"site-packages/x/a.py", "key " + accessKey + " AROAQ3EGVLH2TYX5MRWBK", []string{"error /opt/site-packages/x/a.py:1 AWS access key ID"}},
		{"tests/a.py", "key " + accessKey, []string{"error /opt/tests/a.py:1 AWS access key ID"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, secretsOf(t, "SECRET-TEXT", fstest.MapFS{"opt/" + tt.name: file(tt.content)})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestManySecretsOfAFile(t *testing.T) {
	got := secretsOf(t, "SECRET-TEXT", fstest.MapFS{"opt/a": file(strings.Repeat("key "+accessKey+"\n", 5000))})
	if len(got) != maxPerFile {
		t.Errorf("%d findings", len(got))
	}
	got = secretsOf(t, "HISTORY", fstest.MapFS{"root/.bash_history": file(strings.Repeat("x --password=Gr4vityFalls "+accessKey+"\n", 5000))})
	if len(got) != maxPerFile {
		t.Errorf("%d findings", len(got))
	}
}

func TestKeytab(t *testing.T) {
	tree := fstest.MapFS{
		"etc/krb5.keytab":  file("\x05\x02\x00\x00\x00\x30" + strings.Repeat("k", 48)),
		"opt/http.keytab":  file("\x05\x02\x00\x00\x00\x30" + strings.Repeat("k", 48)),
		"opt/empty.keytab": file("\x05\x02"),
	}
	want := []string{"error /etc/krb5.keytab:0 Kerberos keys", "error /opt/http.keytab:0 Kerberos keys"}
	if diff := cmp.Diff(want, secretsOf(t, "TLS-KEY", tree)); diff != "" {
		t.Error(diff)
	}
}

// TestResidueOfDeletedFiles deletes files of a file system with a foreign tool, and looks for what is left of them.
func TestResidueOfDeletedFiles(t *testing.T) {
	oracle.Look(t, "debugfs")
	dir := t.TempDir()
	image, tree := filepath.Join(dir, "image"), filepath.Join(dir, "tree")
	putty := "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\nAAAAIFFD\n"
	for name, content := range map[string]string{
		"kept": "key " + accessKey, "deleted": strings.Repeat("0123456\n", 3000) + "key " + accessKey, "key": privateKey(), "key.ppk": putty,
		"token": "ghp_q7Rw2LxZ0bTfYk9uVnHc4JdPa8MsGe1iXoC6", "manual": "http://web:tr0ub4dor3x@db.corp.tld",
	} {
		if err := os.MkdirAll(tree, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(tree, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	oracle.Run(t, "mke2fs", "-q", "-t", "ext4", "-O", "^inline_data", "-d", tree, image, "8M")
	if got := residue(t, image); got != nil {
		t.Errorf("before anything is deleted: %v", got)
	}
	cmd := exec.Command(oracle.Look(t, "debugfs"), "-w", "-f", "-", image)
	cmd.Stdin = strings.NewReader("rm deleted\nrm key\nrm key.ppk\nrm token\nrm manual\n")
	oracle.Output(t, cmd)
	want := map[string]int{
		"error AWS access key ID in no file: it was deleted, or swapped out": 1, "error private key in no file: it was deleted, or swapped out": 1,
		"error PuTTY private key in no file: it was deleted, or swapped out": 1, "warning GitHub token in no file: it was deleted, or swapped out": 1,
	}
	if diff := cmp.Diff(want, residue(t, image)); diff != "" {
		t.Error(diff)
	}
}

func residue(t *testing.T, image string) map[string]int {
	t.Helper()
	r, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		t.Fatal(err)
	}
	fsys, err := ext4.Open(r, info.Size(), nil)
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(context.Background(), &Image{
		Root: rootfs.New(fsys), Free: []FreeSpace{{Partition: "partition 1", Reader: r, Extents: fsys.Free()}},
	}, &Options{Skip: others("RESIDUE")})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]int
	for _, f := range report.Findings {
		if got == nil {
			got = map[string]int{}
		}
		got[fmt.Sprintf("%s %s", f.Severity, f.Message)]++
		var at int64
		if _, err := fmt.Sscanf(f.Path, "free space of partition 1, byte %d", &at); err != nil {
			t.Error(err)
		}
		checkPlace(t, r, at)
	}
	return got
}

// checkPlace looks at where a finding says that there is a secret.
func checkPlace(t *testing.T, r io.ReaderAt, at int64) {
	t.Helper()
	p := make([]byte, 10)
	if _, err := r.ReadAt(p, at); err != nil {
		t.Fatal(err)
	}
	for _, start := range []string{accessKey, "-----BEGIN ", "PuTTY-User", "ghp_q7Rw2L"} {
		if bytes.HasPrefix(p, []byte(start[:10])) {
			return
		}
	}
	t.Errorf("at byte %d is %q", at, p)
}

// What may be chance in one base64 does not keep others from being looked at.
func TestBase64AfterChance(t *testing.T) {
	encode := base64.StdEncoding.EncodeToString
	text := "a: " + encode([]byte("\x00\x01 https://joe:Gr4vityFalls@corp.tld/ and so on, for long enough")) + "\n" +
		"b: " + encode([]byte(privateKey())) + "\n"
	want := []string{"error /etc/x.yaml:2 private key in base64"}
	if diff := cmp.Diff(want, secretsOf(t, "SECRET-TEXT", fstest.MapFS{"etc/x.yaml": file(text)})); diff != "" {
		t.Error(diff)
	}
}

// What only begins as what is compressed is a file as others.
func TestNotCompressed(t *testing.T) {
	for _, begin := range []string{"\x1f\x8b", "\x1f\x8b\x08", "BZh91AY&SY", "\x28\xb5\x2f\xfd"} {
		got := secretsOf(t, "SECRET-TEXT", fstest.MapFS{"srv/x": file(begin + "\nhttps://joe:Gr4vityFalls@corp.tld/\n")})
		if !slices.Equal(got, []string{"error /srv/x:2 password in a URL"}) {
			t.Errorf("%q: %q", begin, got)
		}
	}
}

// A history that is longer than what is looked at is one all the same.
func TestLongHistory(t *testing.T) {
	r := &run{findings: map[string][]Finding{}}
	tree := fstest.MapFS{"root/.bash_history": file("ls\n")}
	info, err := tree.Stat("root/.bash_history")
	if err != nil {
		t.Fatal(err)
	}
	scan := beginHistories(&probe{r, &Rule{ID: "HISTORY"}}).file(&rootfs.File{Name: "root/.bash_history", Info: info})
	if scan(&chunk{Data: []byte(strings.Repeat("ls\n", overlap)), New: overlap, Line: 1, Offset: maxScanned}) || len(r.findings["HISTORY"]) != 1 {
		t.Errorf("found %v", r.findings)
	}
}
