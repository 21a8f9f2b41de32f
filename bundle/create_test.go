package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"amiforge/manifest"
)

const mib = 1 << 20

// fourParts is an image of four parts and a bit, and the options to bundle it quickly.
func fourParts() (*Image, *CreateOptions) {
	const size = 4*MinPartSize + mib
	opts := testOptions()
	opts.PartSize, opts.Level = MinPartSize, 1
	return NewImage(bytes.NewReader(random(size)), size, nil), opts
}

// Whichever Put fails, nothing is left: no object, no goroutine.
func TestCreateStoreFails(t *testing.T) {
	boom := errors.New("boom")
	for _, bad := range []string{"image.part.00", "image.part.01", "image.part.03", "image.part.04", "image.manifest.xml"} {
		t.Run(bad, func(t *testing.T) {
			noLeak(t, func(t *testing.T) {
				st := newMemStore()
				st.hook = func(op, name string) error {
					if op == "put" && name == bad {
						return boom
					}
					return nil
				}
				im, opts := fourParts()
				m, err := Create(t.Context(), st, im, opts)
				if m != nil || !errors.Is(err, boom) {
					t.Errorf("%v, want %v", err, boom)
				}
				wantNames(t, st)
			})
		})
	}
}

// What cannot be removed after a failure is named.
func TestCreateLeavesBehind(t *testing.T) {
	boom, busy := errors.New("boom"), errors.New("busy")
	st := newMemStore()
	st.hook = func(op, name string) error {
		switch {
		case op == "put" && name == "image.manifest.xml":
			return boom
		case op == "remove" && name == "image.part.02":
			return busy
		}
		return nil
	}
	im, opts := fourParts()
	_, err := Create(t.Context(), st, im, opts)
	if !errors.Is(err, boom) || !errors.Is(err, busy) || !strings.Contains(err.Error(), "image.part.02 is left behind: busy") {
		t.Errorf("%v", err)
	}
	wantNames(t, st, "image.part.02")
}

func TestCreateCancelled(t *testing.T) {
	cause := errors.New("enough")
	for _, at := range []string{"image.part.00", "image.part.02", "image.part.04", "image.manifest.xml"} {
		t.Run(at, func(t *testing.T) {
			noLeak(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				st := newMemStore()
				st.hook = func(op, name string) error {
					if op == "put" && name == at {
						cancel(cause)
					}
					return nil
				}
				im, opts := fourParts()
				if _, err := Create(ctx, st, im, opts); !errors.Is(err, cause) {
					t.Errorf("%v, want %v", err, cause)
				}
				wantNames(t, st)
			})
		})
	}
}

// A pipe that is silent does not keep Create from ending.
func TestCreateCancelledOnSilentPipe(t *testing.T) {
	cause := errors.New("enough")
	noLeak(t, func(t *testing.T) {
		r, w := io.Pipe()
		defer w.Close()
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { synctest.Wait(); cancel(cause) }()
		st := newMemStore()
		if _, err := Create(ctx, st, NewImage(r, mib, nil), testOptions()); !errors.Is(err, cause) {
			t.Errorf("%v, want %v", err, cause)
		}
		wantNames(t, st)
	})
}

// An image that cannot be read, or is not as long as it should be, leaves nothing.
func TestCreateBadData(t *testing.T) {
	boom := errors.New("boom")
	data := func(n int) io.Reader { return bytes.NewReader(random(n)) }
	tests := []struct {
		name string
		data io.Reader
		want string
	}{
		{"empty", strings.NewReader(""), "image ends after 0 of"},
		{"too short", data(12*mib - 1), "image ends after 12582911 of 12582912 bytes"},
		{"too long", data(12*mib + 1), "more data than its size says"},
		{"much too long", data(15 * mib), "more data than its size says"},
		{"fails", io.MultiReader(data(7*mib), iotest.ErrReader(boom)), "boom"},
		{"fails at the end", io.MultiReader(data(12*mib), iotest.ErrReader(boom)), "boom"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			noLeak(t, func(t *testing.T) {
				st := newMemStore()
				_, opts := fourParts()
				_, err := Create(t.Context(), st, NewImage(tt.data, 12*mib, nil), opts)
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%v, want %q", err, tt.want)
				}
				wantNames(t, st)
			})
		})
	}
}

// Maps that no tar could hold are refused before anything is put.
func TestCreateBadMap(t *testing.T) {
	for name, extents := range map[string][]Extent{
		"overlap":   {{0, 1024}, {512, 512}},
		"descend":   {{4096, 512}, {0, 512}},
		"negative":  {{-512, 512}},
		"no length": {{0, 0}},
		"beyond":    {{mib - 512, 1024}},
		"overflow":  {{512, 1<<63 - 1}},
		"odd":       {{0, 100}, {4096, 512}},
		"too many":  everyOther(maxExtents+1, 0, 0),
	} {
		st := newMemStore()
		if _, err := Create(t.Context(), st, NewImage(strings.NewReader(""), mib, extents), testOptions()); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if len(st.called("put")) > 0 {
			t.Errorf("%s: %q were put", name, st.called("put"))
		}
	}
	for _, size := range []int64{0, -1} {
		if _, err := Create(t.Context(), newMemStore(), NewImage(strings.NewReader(""), size, nil), testOptions()); err == nil {
			t.Errorf("an image of %d bytes: accepted", size)
		}
	}
}

func TestCreateOptions(t *testing.T) {
	tests := []struct {
		name string
		edit func(o *CreateOptions)
		want string
	}{
		{"key", func(o *CreateOptions) { o.Key = nil }, "private key"},
		{"name with a slash", func(o *CreateOptions) { o.Name = "a/b" }, "slash"},
		{"name too long", func(o *CreateOptions) { o.Name = strings.Repeat("n", 244) }, "255"},
		{"name too long for the manifest", func(o *CreateOptions) { o.Name = strings.Repeat("n", 243) }, "255"},
		{"user", func(o *CreateOptions) { o.User = "12345678901" }, "12 digits"},
		{"user with dashes", func(o *CreateOptions) { o.User = "1234-5678-9012" }, "12 digits"},
		{"architecture", func(o *CreateOptions) { o.Machine.Architecture = "vax" }, "vax"},
		{"part size", func(o *CreateOptions) { o.PartSize = MinPartSize - 1 }, "part size"},
		{"large part size", func(o *CreateOptions) { o.PartSize = MaxPartSize + 1 }, "part size"},
		{"level", func(o *CreateOptions) { o.Level = 10 }, "compression level"},
		{"negative level", func(o *CreateOptions) { o.Level = -1 }, "compression level"},
		{"workers", func(o *CreateOptions) { o.Workers = -1 }, "workers"},
		{"type", func(o *CreateOptions) { o.Type = "toaster" }, "toaster"},
		{"empty ancestor", func(o *CreateOptions) { o.Ancestry = []string{"ami-11111111", ""} }, "ancestor_ami_id[1]"},
		{"ancestor with a control character", func(o *CreateOptions) { o.Ancestry = []string{"ami\n"} }, "control character"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := testOptions()
			tt.edit(o)
			if err := o.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	for _, name := range []string{strings.Repeat("n", 242), `it's "a" <disk> & more;`, "größe"} {
		o := testOptions()
		o.Name = name
		if err := o.Check(); err != nil {
			t.Errorf("%.30q: %v", name, err)
		}
	}
}

func TestCreateExisting(t *testing.T) {
	st := newMemStore()
	create := func(edit func(*CreateOptions)) error {
		im, opts := fourParts()
		edit(opts)
		_, err := Create(t.Context(), st, im, opts)
		return err
	}
	if err := create(func(*CreateOptions) {}); err != nil {
		t.Fatal(err)
	}
	before := st.clone()
	err := create(func(*CreateOptions) {})
	if !errors.Is(err, ErrExist) || !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "image.manifest.xml") {
		t.Errorf("again: %v, want ErrExist", err)
	}
	for _, name := range before.names() {
		if !bytes.Equal(st.objects[name], before.objects[name]) {
			t.Errorf("%s was changed", name)
		}
	}
	var first string
	st.hook = func(op, name string) error {
		if first == "" && (op == "put" || op == "remove") {
			first = op + " " + name
		}
		return nil
	}
	if err := create(func(o *CreateOptions) { o.Replace, o.Workers = true, 1 }); err != nil {
		t.Fatal(err)
	}
	if first != "remove image.manifest.xml" {
		t.Errorf("replacing begins with %q", first)
	}
	if err := openMem(t, st).Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// Leftovers are overwritten, surplus ones removed at the end, and nothing else is touched.
func TestCreateLeftovers(t *testing.T) {
	st := newMemStore()
	others := []string{"image.part.", "image.part.x", "image.part.01x", "image.part.-1", "imagex.part.07", "other.part.00"}
	for _, name := range append([]string{"image.part.01", "image.part.05", "image.part.5", "image.part.100"}, others...) {
		st.putRaw(name, []byte("left"))
	}
	im, opts := fourParts()
	var atManifest []string
	st.hook = func(op, name string) error {
		if op == "put" && name == "image.manifest.xml" {
			atManifest = st.names()
		}
		return nil
	}
	if _, err := Create(t.Context(), st, im, opts); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(atManifest, "image.part.100") {
		t.Error("surplus parts were removed before the manifest was in")
	}
	want := append(slices.Clone(others), "image.manifest.xml")
	for i := range 5 {
		want = append(want, PartName("image", i))
	}
	wantNames(t, st, want...)
}

// If only the surplus parts cannot be removed, the bundle is there.
func TestCreateSurplusStays(t *testing.T) {
	st, busy := newMemStore(), errors.New("busy")
	st.putRaw("image.part.77", nil)
	st.hook = func(op, _ string) error {
		if op == "remove" {
			return busy
		}
		return nil
	}
	im, opts := fourParts()
	m, err := Create(t.Context(), st, im, opts)
	if m == nil || !errors.Is(err, busy) {
		t.Errorf("%v, want the manifest and %v", err, busy)
	}
	st.hook = nil
	if err := openMem(t, st).Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// With the same randomness the same image makes the same parts, whatever the number of workers.
func TestCreateDeterministic(t *testing.T) {
	image := noise(3*mib, 70)
	var first *memStore
	for workers := range 4 {
		st, opts := newMemStore(), testOptions()
		opts.Rand, opts.Workers = bytes.NewReader(make([]byte, 32)), workers
		if _, err := Create(t.Context(), st, NewImage(bytes.NewReader(image), int64(len(image)), nil), opts); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = st
		}
		if !bytes.Equal(st.objects["image.part.00"], first.objects["image.part.00"]) {
			t.Errorf("%d workers make another part", workers)
		}
	}
}

// Progress adds up to the data, and to the image when it is extracted.
func TestProgress(t *testing.T) {
	extents := []Extent{{4096, 4096}, {mib, 2 * mib}}
	var read, written, verified int64
	st, opts := newMemStore(), testOptions()
	opts.Progress = func(n int64) { read += n }
	im := NewImage(bytes.NewReader(noise(2*mib+4096, 71)), 5*mib, extents)
	if _, err := Create(t.Context(), st, im, opts); err != nil {
		t.Fatal(err)
	}
	b := openMem(t, st)
	if err := b.Extract(t.Context(), discard{}, func(n int64) { written += n }); err != nil {
		t.Fatal(err)
	}
	if err := b.Verify(t.Context(), func(n int64) { verified += n }); err != nil {
		t.Fatal(err)
	}
	if read != 2*mib+4096 || written != 5*mib || verified != 5*mib {
		t.Errorf("%d read, %d written, %d verified", read, written, verified)
	}
}

// A bundle of several owners' certificates is opened by the service's key too.
func TestCreateForService(t *testing.T) {
	service := vectorKey(t, "cloud")
	st, opts := newMemStore(), testOptions()
	opts.EC2 = &service.PublicKey
	if _, err := Create(t.Context(), st, NewImage(strings.NewReader("image"), 5, nil), opts); err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.Context(), st, "image.manifest.xml", &OpenOptions{Key: service, Signer: &testKey().PublicKey})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := extractMem(t, b); err != nil || string(got) != "image" {
		t.Errorf("%q: %v", got, err)
	}
	if _, err := Open(t.Context(), st, "image.manifest.xml", &OpenOptions{Key: vectorKey(t, "user2048")}); !errors.Is(err, manifest.ErrKey) {
		t.Errorf("a stranger's key: %v, want manifest.ErrKey", err)
	}
	if _, err := Open(t.Context(), st, "image.manifest.xml", &OpenOptions{Signer: &service.PublicKey}); !errors.Is(err, manifest.ErrSignature) {
		t.Errorf("another signer: %v, want manifest.ErrSignature", err)
	}
	b, err = Open(t.Context(), st, "image.manifest.xml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.NewReader(t.Context()); err != ErrNoKey {
		t.Errorf("without a key: %v, want ErrNoKey", err)
	}
	if err := b.Verify(t.Context(), nil); err != nil {
		t.Errorf("verify without a key: %v", err)
	}
}

// The ancestors are in the signed part of the manifest.
func TestCreateAncestry(t *testing.T) {
	st, opts := newMemStore(), testOptions()
	opts.Ancestry = []string{"ami-11111111", "ami-22222222"}
	if _, err := Create(t.Context(), st, NewImage(strings.NewReader("image"), 5, nil), opts); err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.Context(), st, "image.manifest.xml", &OpenOptions{Signer: &testKey().PublicKey})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(b.Manifest.Image.Ancestry, opts.Ancestry) {
		t.Errorf("ancestry is %q", b.Manifest.Image.Ancestry)
	}
}

func TestReader(t *testing.T) {
	extents := []Extent{{0, 512}, {mib, 3000 * 512}, {4 * mib, 77}}
	data := noise(512+3000*512+77, 72)
	st := newMemStore()
	if _, err := Create(t.Context(), st, NewImage(bytes.NewReader(data), 4*mib+77, extents), testOptions()); err != nil {
		t.Fatal(err)
	}
	b := openMem(t, st)
	for _, take := range []int64{0, 1, 512, 100_000, 10 * mib} { // of each extent; Next passes over the rest
		t.Run(fmt.Sprint(take), func(t *testing.T) {
			noLeak(t, func(t *testing.T) {
				r, err := b.NewReader(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				rest := data
				for _, want := range extents {
					e, err := r.Next()
					if err != nil || e != want {
						t.Fatalf("%v: %v, want %v", e, err, want)
					}
					got, err := io.ReadAll(io.LimitReader(r, take))
					if err != nil || !bytes.Equal(got, rest[:min(take, e.Length)]) {
						t.Errorf("extent %v: %d bytes: %v", e, len(got), err)
					}
					rest = rest[e.Length:]
				}
				for range 3 {
					if _, err := r.Next(); err != io.EOF {
						t.Errorf("at the end: %v, want io.EOF", err)
					}
				}
				for range 2 {
					if err := r.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
	noLeak(t, func(t *testing.T) { // closed at once
		r, err := b.NewReader(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// What is inside the parts must be what the manifest says, too.
func TestExtractRefused(t *testing.T) {
	image := noise(5000, 73)
	archive := ourTar(t, image)
	key := contentKey(t)
	sparse := append(tarHeader("image", 5000, []Extent{{0, 1024}}), blocks(image[:1024])...)
	tests := []struct {
		name string
		f    foreign
		want string
	}{
		{"size", foreign{tar: archive, size: 4999}, "the image is 5000 bytes long, manifest says 4999"},
		{"digest", foreign{tar: archive, size: 5000, edit: func(m *manifest.Manifest) { m.Image.Digest[0] ^= 1 }}, "sha1 of the tar stream"},
		{"not a tar", foreign{tar: image, size: 5000}, "not a tar header"},
		{"not gzip", foreign{tar: archive, gz: image, size: 5000}, "invalid header"},
		{"not encrypted", foreign{tar: archive, cipher: gzipped(t, archive), size: 5000}, ""},
		{"another key", foreign{tar: archive, cipher: encrypted(t, gzipped(t, archive), key), size: 5000}, ""},
		{"gzip cut", foreign{tar: archive, gz: gzipped(t, archive)[:2000], size: 5000}, "ends before the image does"},
		{"tar cut", foreign{tar: archive[:3000], size: 5000}, "ends before the image does"},
		{"tar without an end", foreign{tar: archive[:512+5120], size: 5000}, "ends before the image does"},
		{"junk after gzip", foreign{tar: archive, gz: append(gzipped(t, archive), "junk and more"...), size: 5000}, "behind the compressed data"},
		{"two members", foreign{tar: append(archive[:512+5120:512+5120], archive...), size: 5000}, "more than one member"},
		{"nothing", foreign{tar: archive, gz: []byte{}, size: 5000}, "ends before the image does"},
		{"bundled size", foreign{tar: archive, size: 5000, edit: func(m *manifest.Manifest) { m.Image.BundledSize++ }}, "bundled_size"},
		{"digest of a sparse one", foreign{tar: sparse, size: 5000, edit: func(m *manifest.Manifest) { m.Image.Digest[19]++ }}, "sha1 of the tar stream"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.f.extract(t)
			if !errors.Is(err, ErrVerify) || !strings.Contains(fmt.Sprint(err), tt.want) {
				t.Errorf("%v, want ErrVerify with %q", err, tt.want)
			}
			if err := openMem(t, tt.f.build(t)).Verify(t.Context(), nil); !errors.Is(err, ErrVerify) {
				t.Errorf("verify: %v, want ErrVerify", err)
			}
		})
	}
}

// A target that fails ends the extraction.
func TestExtractTargetFails(t *testing.T) {
	boom := errors.New("boom")
	b := openMem(t, foreign{tar: ourTar(t, random(5*mib)), size: 5 * mib}.build(t))
	noLeak(t, func(t *testing.T) {
		if err := b.Extract(t.Context(), failingTarget{boom}, nil); err != boom {
			t.Errorf("%v, want %v", err, boom)
		}
	})
}

type failingTarget struct{ err error }

func (f failingTarget) WriteAt([]byte, int64) (int, error) { return 0, f.err }
func (f failingTarget) Zero(int64, int64) error            { return f.err }
