package bundle

import (
	"bufio"
	"crypto/rsa"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/manifest"
)

// vectors holds bundles that ec2-ami-tools and euca2ools made, and hostile ones; see its README.
const vectors = "../testdata/bundle"

// vectorRow is a row of INDEX.tsv by column name.
type vectorRow map[string]string

func vectorIndex(t testing.TB) []vectorRow {
	t.Helper()
	f, err := os.Open(filepath.Join(vectors, "INDEX.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var header []string
	var rows []vectorRow
	for s := bufio.NewScanner(f); s.Scan(); {
		fields := strings.Split(s.Text(), "\t")
		if header == nil {
			header = fields
			continue
		}
		row := vectorRow{}
		for i, h := range header {
			row[h] = fields[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func vectorKey(t testing.TB, name string) *rsa.PrivateKey {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(vectors, "keys", name+"-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := manifest.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestForeignBundles(t *testing.T) {
	for _, row := range vectorIndex(t) {
		t.Run(row["dir"], func(t *testing.T) {
			st := openDir(t, filepath.Join(vectors, row["dir"]))
			b, err := Open(t.Context(), st, row["manifest"], &OpenOptions{Key: vectorKey(t, row["key"])})
			if err != nil {
				t.Fatal(err)
			}
			restored, err := extractFile(t, b)
			if err != nil {
				t.Fatal(err)
			}
			if got := sha256File(t, restored); got != row["image_sha256"] {
				t.Errorf("sha256 of the image is %s, want %s", got, row["image_sha256"])
			}
		})
	}
}

// With the service's key the content opens too, but the signature is the owner's.
func TestServiceKey(t *testing.T) {
	st := openDir(t, filepath.Join(vectors, "ec2/tiny"))
	key := vectorKey(t, "cloud")
	if _, err := Open(t.Context(), st, "tiny.img.manifest.xml", &OpenOptions{Key: key}); !errors.Is(err, ErrServiceKey) {
		t.Errorf("without a signer: %v, want ErrServiceKey", err)
	}
	signer := &vectorKey(t, "user2048").PublicKey
	b, err := Open(t.Context(), st, "tiny.img.manifest.xml", &OpenOptions{Key: key, Signer: signer})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestEncryptedManifest(t *testing.T) {
	st := openDir(t, filepath.Join(vectors, "legacy/v3"))
	const name = "tiny.img.manifest.xml.encrypted"
	if _, err := Open(t.Context(), st, name, nil); err == nil {
		t.Error("opened without a key")
	}
	b, err := Open(t.Context(), st, name, &OpenOptions{Key: vectorKey(t, "user2048")})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// acceptable are the cases of EXPECT.tsv that are no harm. All others must be refused.
var acceptable = map[string]bool{"parts-reordered": true, "bundle-ok": true, "bundle-sparse-ok": true, "bundle-tar-pax": true}

func TestHostileBundles(t *testing.T) {
	f, err := os.Open(filepath.Join(vectors, "adversarial/EXPECT.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		name, why, _ := strings.Cut(s.Text(), "\t")
		t.Run(name, func(t *testing.T) {
			err := extractHostile(t, name)
			switch {
			case acceptable[name] && err != nil:
				t.Errorf("refused: %v; want: %s", err, why)
			case !acceptable[name] && err == nil:
				t.Errorf("accepted; want: %s", why)
			case err != nil && strings.Contains(err.Error(), "%!"):
				t.Errorf("bad format: %v", err)
			default:
				t.Log(err)
			}
		})
	}
}

// extractHostile copies the case's files into an empty folder and extracts the bundle there.
func extractHostile(t *testing.T, name string) error {
	dir := t.TempDir()
	source, doc := "base", name+".manifest.xml"
	if strings.HasPrefix(name, "bundle-") && !strings.HasPrefix(name, "bundled") {
		source, doc = name, "x.img.manifest.xml"
	}
	copyFiles(t, filepath.Join(vectors, "adversarial", source), dir)
	if source == "base" {
		copyFile(t, filepath.Join(vectors, "adversarial", doc), filepath.Join(dir, doc))
	}
	before := names(t, dir)
	st := openDir(t, dir)
	defer func() {
		if after := names(t, dir); strings.Join(after, " ") != strings.Join(before, " ") {
			t.Errorf("files appeared: %q, before %q", after, before)
		}
	}()
	b, err := Open(t.Context(), st, doc, &OpenOptions{Key: vectorKey(t, "user2048")})
	if err != nil {
		return err
	}
	if b.Manifest.Image.Size > 1<<40 {
		return errors.New("larger than an image may be")
	}
	return b.Extract(t.Context(), &limitedTarget{size: b.Manifest.Image.Size}, nil)
}

// limitedTarget fails if anything is written beyond the size that the manifest promised.
type limitedTarget struct{ size int64 }

func (l *limitedTarget) WriteAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > l.size {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func (l *limitedTarget) Zero(off, n int64) error {
	if off+n > l.size {
		return io.ErrShortWrite
	}
	return nil
}

func copyFiles(t testing.TB, from, to string) {
	t.Helper()
	for _, name := range names(t, from) {
		copyFile(t, filepath.Join(from, name), filepath.Join(to, name))
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	p, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, p, 0o644); err != nil {
		t.Fatal(err)
	}
}

// names returns the names of all files below dir.
func names(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
