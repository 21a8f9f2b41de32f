package bundle

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha1"
	"io"
	"testing"

	"amiforge/manifest"
)

// A foreign bundle is made step by step, so that a test may put anything in place of any step.
type foreign struct {
	size   int64  // of the image, as the manifest claims it
	tar    []byte // hashed
	gz     []byte // what is encrypted; tar by package compress/gzip if nil
	cipher []byte // what is cut into parts; gz encrypted if nil

	sizes []int            // of the parts; the last one repeats. One part if empty
	name  func(int) string // of the parts; PartName if nil
	edit  func(*manifest.Manifest)
}

// build puts the bundle into a new store.
func (f foreign) build(t testing.TB) *memStore {
	t.Helper()
	key, err := manifest.NewContentKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if f.gz == nil {
		f.gz = gzipped(t, f.tar)
	}
	if f.cipher == nil {
		f.cipher = encrypted(t, f.gz, key)
	}
	m := &manifest.Manifest{
		Version: manifest.Version,
		Bundler: manifest.Bundler{Name: "test", Version: "1", Release: "1"},
		Machine: manifest.Machine{Architecture: "x86_64"},
		Image: manifest.Image{
			Name: "image", User: "123456789012", Type: "machine", Size: f.size,
			Digest: sha1.Sum(f.tar), BundledSize: int64(len(f.cipher)),
		},
	}
	st := newMemStore()
	f.putParts(st, m)
	if f.edit != nil {
		f.edit(m)
	}
	if err := m.Wrap(key, &testKey().PublicKey, &testKey().PublicKey); err != nil {
		t.Fatal(err)
	}
	doc, err := m.Sign(testKey())
	if err != nil {
		t.Fatal(err)
	}
	st.putRaw("image.manifest.xml", doc)
	return st
}

func (f foreign) putParts(st *memStore, m *manifest.Manifest) {
	name := f.name
	if name == nil {
		name = func(i int) string { return PartName("image", i) }
	}
	rest := f.cipher
	for i := 0; i < len(f.sizes) || len(rest) > 0; i++ {
		n := len(rest)
		if len(f.sizes) > 0 {
			n = min(n, f.sizes[min(i, len(f.sizes)-1)])
		}
		m.Image.Parts = append(m.Image.Parts, manifest.Part{Name: name(i), Digest: sha1.Sum(rest[:n])})
		st.putRaw(name(i), rest[:n])
		rest = rest[n:]
	}
}

// extract builds the bundle and extracts it into memory.
func (f foreign) extract(t testing.TB) ([]byte, error) {
	t.Helper()
	return extractMem(t, openMem(t, f.build(t)))
}

func openMem(t testing.TB, st Store) *Bundle {
	t.Helper()
	b, err := Open(t.Context(), st, "image.manifest.xml", &OpenOptions{Key: testKey()})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A memTarget is an image in memory. Zero wants that nothing was written there.
type memTarget []byte

func (m memTarget) WriteAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > int64(len(m)) {
		return 0, io.ErrShortWrite
	}
	return copy(m[off:], p), nil
}

func (m memTarget) Zero(off, n int64) error {
	if off < 0 || n < 0 || off+n > int64(len(m)) {
		return io.ErrShortWrite
	}
	clear(m[off : off+n])
	return nil
}

func extractMem(t testing.TB, b *Bundle) ([]byte, error) {
	t.Helper()
	image := memTarget(bytes.Repeat([]byte{0xee}, int(b.Manifest.Image.Size)))
	err := b.Extract(t.Context(), image, nil)
	return image, err
}

func gzipped(t testing.TB, p []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func encrypted(t testing.TB, p []byte, key manifest.ContentKey) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := newCBCWriter(&buf, key)
	if _, err := w.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// ourTar returns what writeTar makes of a dense image.
func ourTar(t testing.TB, image []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := writeTar(&buf, "image", NewImage(bytes.NewReader(image), int64(len(image)), nil)); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// ourGzip returns what gzipWriter makes of p.
func ourGzip(t testing.TB, p []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := newGzipWriter(&buf, DefaultLevel, 2)
	if _, err := w.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}
