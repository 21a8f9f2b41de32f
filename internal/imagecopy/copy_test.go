package imagecopy

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"amiforge/bundle"
	"amiforge/internal/miniotest"
	"amiforge/internal/registry"
	"amiforge/internal/store"
	"amiforge/manifest"
)

func TestMain(m *testing.M) { miniotest.Main(m) }

const (
	owner = "123456789012"
	heir  = "210987654321"
	parts = 3
)

func key(t testing.TB, name string) *rsa.PrivateKey {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../testdata/bundle/keys", name+"-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := manifest.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// content is that of the image of all tests: parts of 5 MiB that cannot be compressed.
func content() []byte {
	p := make([]byte, parts*bundle.MinPartSize-1<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(p) // never fails
	return p
}

// A world has a source image in region east, and a registry and a store for its copies in region west.
type world struct {
	testing.TB
	from   store.Location // of the source's bundle
	to     store.Location // of the copies
	config store.Config
	keys   registry.Keys
	engine registry.Engine
	source registry.Image
}

// newWorld makes a world of directories.
func newWorld(t testing.TB) *world {
	t.Helper()
	dir := t.TempDir()
	return newWorldAt(t, store.Location{Dir: filepath.Join(dir, "east")}, store.Location{Dir: filepath.Join(dir, "west")}, store.Config{})
}

func newWorldAt(t testing.TB, from, to store.Location, cfg store.Config) *world {
	t.Helper()
	keys := registry.NewDirKeys(t.TempDir())
	w := &world{t, from, to, cfg, keys, registry.New(keys, nil), registry.Image{}}
	im := bundle.NewImage(bytes.NewReader(content()), int64(len(content())), nil)
	_, err := bundle.Create(t.Context(), w.open(from), im, &bundle.CreateOptions{
		User: owner, Machine: manifest.Machine{Architecture: "x86_64"}, Key: key(t, "user2048"), PartSize: bundle.MinPartSize, Level: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	b := w.bundle()
	image := registry.FromManifest(b.Manifest)
	image.Name, image.Region, image.Location = "web", "east", from.Object(manifestName)
	image.ManifestDigest = registry.DigestManifest(b.Document)
	if w.source, err = w.engine.Register(t.Context(), image); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) open(loc store.Location) bundle.Store {
	w.Helper()
	cfg := w.config
	cfg.Create = true
	st, err := store.Open(w.Context(), loc, cfg)
	if err != nil {
		w.Fatal(err)
	}
	return st
}

// bundle opens the source's bundle.
func (w *world) bundle() *bundle.Bundle {
	w.Helper()
	b, err := bundle.Open(w.Context(), w.open(w.from), manifestName, &bundle.OpenOptions{Key: key(w, "user2048")})
	if err != nil {
		w.Fatal(err)
	}
	return b
}

// copy returns the copy of the source to the west.
func (w *world) copy() *Copy {
	w.Helper()
	image, err := registry.CopyOf(w.source, registry.CopyRequest{Name: "web west", Region: "west"})
	if err != nil {
		w.Fatal(err)
	}
	place, err := NewPlace(w.to, w.config)
	if err != nil {
		w.Fatal(err)
	}
	return &Copy{Source: w.source, Bundle: w.bundle(), Image: image, Engine: w.engine, Place: place}
}

// handOver makes c one for another owner.
func (w *world) handOver(c *Copy) *Copy {
	w.Helper()
	var err error
	c.Image.Owner = heir
	c.Handover, err = c.Bundle.HandOver(&bundle.HandoverOptions{
		User: heir, Owner: &key(w, "user4096").PublicKey, Signer: key(w, "user2048"),
	})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// image returns the image as it is on record.
func (w *world) image(id string) registry.Image {
	w.Helper()
	listing, err := w.engine.Describe(w.Context(), registry.Query{IDs: []string{id}, IncludeDeregistered: true})
	if err != nil {
		w.Fatal(err)
	}
	return listing.Images[0]
}

// copies returns the images in the west.
func (w *world) copies() []registry.Image {
	w.Helper()
	listing, err := w.engine.Describe(w.Context(), registry.Query{Region: "west", IncludeDeregistered: true})
	if err != nil {
		w.Fatal(err)
	}
	return listing.Images
}

// place returns where the bundle of image id is.
func (w *world) place(id string) bundle.Store {
	w.Helper()
	place, err := NewPlace(w.to, w.config)
	if err != nil {
		w.Fatal(err)
	}
	return w.open(place.of(id))
}

// wantWhole wants image id to be available, its bundle the one on record, and its image the source's.
func (w *world) wantWhole(id, account, opener string) {
	w.Helper()
	image := w.image(id)
	b, err := bundle.Open(w.Context(), w.place(id), manifestName, &bundle.OpenOptions{
		Key: key(w, opener), Signer: &key(w, "user2048").PublicKey,
	})
	if err != nil {
		w.Fatal(err)
	}
	if image.State != registry.Available || image.ManifestDigest != registry.DigestManifest(b.Document) {
		w.Errorf("the image is %s with manifest %s, not %s", image.State, image.ManifestDigest, registry.DigestManifest(b.Document))
	}
	if image.Owner != account || b.Manifest.Image.User != account {
		w.Errorf("it is of %s, the bundle of %s, want %s", image.Owner, b.Manifest.Image.User, account)
	}
	restored := restore{}
	if err := b.Extract(w.Context(), &restored, nil); err != nil || !bytes.Equal(restored, content()) {
		w.Errorf("the image in it is another one: %v", err)
	}
}

// A restore takes an image without holes.
type restore []byte

func (r *restore) WriteAt(p []byte, off int64) (int, error) {
	if off != int64(len(*r)) {
		return 0, errors.New("not in order")
	}
	*r = append(*r, p...)
	return len(p), nil
}

func (r *restore) Zero(_, n int64) error { *r = append(*r, make([]byte, n)...); return nil }

// wantNothing wants no object of image id, and no directory of its own.
func (w *world) wantNothing(id string) {
	w.Helper()
	if w.to.Bucket == "" {
		if _, err := os.Stat(filepath.Join(w.to.Dir, id)); !errors.Is(err, fs.ErrNotExist) {
			w.Errorf("its directory is there: %v", err)
		}
	}
	for o, err := range w.place(id).List(w.Context()) {
		w.Errorf("left behind: %s (%v)", o.Name, err)
	}
}

// Between stores of all kinds, with and without another owner.
func TestRun(t *testing.T) {
	server := miniotest.Start(t)
	cfg := store.Config{Getenv: func(name string) string {
		for _, kv := range server.Env() {
			if value, ok := strings.CutPrefix(kv, name+"="); ok {
				return value
			}
		}
		return ""
	}}
	places := map[string]func(t *testing.T) store.Location{
		"directory": func(t *testing.T) store.Location { return store.Location{Dir: filepath.Join(t.TempDir(), "store")} },
		"bucket":    func(t *testing.T) store.Location { return store.Location{Bucket: server.NewBucket(t)} },
		"prefix":    func(t *testing.T) store.Location { return store.Location{Bucket: server.NewBucket(t), Prefix: "a/b"} },
	}
	for from, east := range places {
		for to, west := range places {
			t.Run(from+" to "+to, func(t *testing.T) {
				w := newWorldAt(t, east(t), west(t), cfg)
				got, err := w.copy().Run(t.Context())
				if err != nil || got.Sent != parts || got.Image.ID == w.source.ID {
					t.Fatalf("%+v: %v", got, err)
				}
				w.wantWhole(got.Image.ID, owner, "user2048")
				got, err = w.handOver(w.copy()).Run(t.Context())
				if err != nil || got.Sent != parts {
					t.Fatalf("%+v: %v", got, err)
				}
				w.wantWhole(got.Image.ID, heir, "user4096")
			})
		}
	}
}

// Wherever it is interrupted, the same copy goes on with the same image and sends only what is missing.
func TestRunResumes(t *testing.T) {
	for n := range parts {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		c := w.handOver(w.copy())
		var seen atomic.Int64
		c.Progress = func(int64) {
			if seen.Add(1) > int64(n) {
				cancel()
			}
		}
		begun, err := c.Run(ctx)
		if id := begun.Image.ID; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), id+" is pending, parts that are there: ") {
			t.Fatalf("%v, want it to say that %s is pending", err, id)
		}
		if image := w.image(begun.Image.ID); image.State != registry.Pending {
			t.Errorf("the image is %s", image.State)
		}
		done, err := w.handOver(w.copy()).Run(t.Context())
		if err != nil || done.Image.ID != begun.Image.ID || done.Kept < begun.Sent || done.Sent+done.Kept != parts {
			t.Errorf("after %d parts: %+v, then %+v: %v", n, begun, done, err)
		}
		w.wantWhole(done.Image.ID, heir, "user4096")
	}
}

// What the first run was told, the second one has to be told too: it would be lost.
func TestRunOtherwise(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	tests := []struct {
		name string
		edit func(w *world, c *Copy)
		want string
	}{
		{"kernel", func(_ *world, c *Copy) { c.Image.KernelID = "aki-00000001" }, "differs in kernel: "},
		{"description", func(_ *world, c *Copy) { c.Image.Description = "d" }, "differs in description: "},
		{"tags", func(_ *world, c *Copy) { c.Image.Tags = []registry.Tag{{Key: "role", Value: "web"}} }, "differs in tags: "},
		{"volumes", func(_ *world, c *Copy) {
			c.Image.BlockDevices = []registry.BlockDevice{{DeviceName: "/dev/sdc", EBS: &registry.EBS{VolumeSize: 8, Encrypted: true}}}
		}, "differs in block devices: "},
		{"two", func(_ *world, c *Copy) { c.Image.RamdiskID, c.Image.Platform = "ari-1", "windows" }, "differs in ramdisk, platform: "},
		{"place", func(w *world, c *Copy) { c.Place = w.placeAt(elsewhere) }, "not to " + elsewhere},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			begun := w.interrupt()
			c := w.copy()
			tt.edit(w, c)
			_, err := c.Run(t.Context())
			if err == nil || !strings.HasPrefix(err.Error(), begun.ID+", pending as ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want it to say %s", err, tt.want)
			}
			c.Engine = registry.New(w.keys, &registry.Options{DryRun: true})
			if rehearsed := c.Rehearse(t.Context()); rehearsed == nil || rehearsed.Error() != err.Error() {
				t.Errorf("rehearsed: %v, want %v", rehearsed, err)
			}
			if image := w.image(begun.ID); image.State != registry.Pending {
				t.Errorf("the image is %s", image.State)
			}
			if _, err := os.Stat(elsewhere); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v, want it not to be there", elsewhere, err)
			}
			c = w.copy()
			c.Engine = registry.New(w.keys, &registry.Options{DryRun: true})
			if err := c.Rehearse(t.Context()); !errors.Is(err, registry.ErrDryRun) {
				t.Errorf("the same again, rehearsed: %v", err)
			}
			done, err := w.copy().Run(t.Context())
			if err != nil || done.Image.ID != begun.ID {
				t.Errorf("the same again: %s, %v", done.Image.ID, err)
			}
			if _, err := w.copy().Run(t.Context()); !registry.HasCode(err, registry.NameDuplicate) {
				t.Errorf("once it is available: %v", err)
			}
		})
	}
}

// interrupt begins the copy and leaves it pending.
func (w *world) interrupt() registry.Image {
	w.Helper()
	ctx, cancel := context.WithCancel(w.Context())
	c := w.copy()
	c.Begin = func(int64) { cancel() }
	begun, err := c.Run(ctx)
	if !errors.Is(err, context.Canceled) {
		w.Fatal(err)
	}
	return begun.Image
}

func (w *world) placeAt(dir string) *Place {
	w.Helper()
	place, err := NewPlace(store.Location{Dir: dir}, w.config)
	if err != nil {
		w.Fatal(err)
	}
	return place
}

// What is wrong before anything was begun.
func TestCheck(t *testing.T) {
	tests := []struct {
		name string
		edit func(w *world, c *Copy)
		want error
	}{
		{"a part is missing", func(w *world, _ *Copy) { w.remove("image.part.01") }, bundle.ErrVerify},
		{"a hidden part", func(_ *world, c *Copy) { c.Bundle.Manifest.Image.Parts[1].Name = ".profile" }, bundle.ErrVerify},
		{"not permitted", func(w *world, c *Copy) { c.Bundle = w.denied() }, fs.ErrPermission},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			c := w.copy()
			tt.edit(w, c)
			_, err := c.Run(t.Context())
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), w.source.Location) {
				t.Errorf("%v, want %v of %s", err, tt.want, w.source.Location)
			}
			const denied = "InvalidRequest: You do not have permission to access the storage of this ami: "
			if tt.want == fs.ErrPermission != strings.HasPrefix(err.Error(), denied) {
				t.Errorf("it says %v", err)
			}
			if images := w.copies(); len(images) > 0 {
				t.Errorf("it was begun: %v", images)
			}
		})
	}
}

func (w *world) remove(name string) {
	w.Helper()
	if err := w.open(w.from).Remove(w.Context(), name); err != nil {
		w.Fatal(err)
	}
}

// Nor is anything begun for a manifest to write that cannot be written.
func TestCheckCopy(t *testing.T) {
	w := newWorld(t)
	c, other := w.copy(), newWorld(t)
	c.Handover = other.handOver(other.copy()).Handover
	if _, err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "not one of the same parts") {
		t.Errorf("another bundle's manifest: %v", err)
	}
	c = w.copy()
	c.Bundle.Manifest.Image.Parts[1].Name = manifestName
	if _, err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "is that of the manifest") {
		t.Errorf("a part with the manifest's name: %v", err)
	}
	if images := w.copies(); len(images) > 0 {
		t.Errorf("it was begun: %v", images)
	}
}

// A deniedStore lets nobody look at a part.
type deniedStore struct{ bundle.Store }

func (d deniedStore) Stat(ctx context.Context, name string) (bundle.Object, error) {
	if strings.Contains(name, ".part.") {
		return bundle.Object{}, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrPermission}
	}
	return d.Store.Stat(ctx, name)
}

func (w *world) denied() *bundle.Bundle {
	w.Helper()
	b, err := bundle.Open(w.Context(), deniedStore{w.open(w.from)}, manifestName, nil)
	if err != nil {
		w.Fatal(err)
	}
	return b
}

// A rehearsal finds what Run would, and changes nothing.
func TestRehearse(t *testing.T) {
	w := newWorld(t)
	c := w.copy()
	keys := t.TempDir()
	c.Engine = registry.New(registry.NewDirKeys(keys), &registry.Options{DryRun: true})
	if err := c.Rehearse(t.Context()); !errors.Is(err, registry.ErrDryRun) {
		t.Error(err)
	}
	c.Bundle.Manifest.Image.Parts[1].Name = ".profile"
	if err := c.Rehearse(t.Context()); !errors.Is(err, bundle.ErrVerify) {
		t.Errorf("a hidden part: %v", err)
	}
	c = w.copy()
	c.Image.Name = "x"
	if err := c.Rehearse(t.Context()); !registry.HasCode(err, registry.NameMalformed) {
		t.Errorf("a bad name: %v", err)
	}
	c = w.copy()
	c.Place = w.placeAt(filepath.Join(w.from.Dir, manifestName))
	if err := c.Rehearse(t.Context()); err == nil || !strings.Contains(err.Error(), "is not a directory") {
		t.Errorf("a file for a store: %v", err)
	}
	for _, dir := range []string{w.to.Dir, filepath.Join(keys, ".registry")} {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want it not to be there", dir, err)
		}
	}
}

// One directory has one spelling, however it is reached and whether it is there or not.
func TestPlaceSpelling(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	var got []string
	for _, path := range []string{"real/new/store", "link/new/store", filepath.Join(dir, "link/../real/new/store")} {
		p, err := NewPlace(store.Location{Dir: path}, store.Config{})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p.Manifest("ami-1"))
	}
	want := filepath.Join(dir, "real/new/store/ami-1/image.manifest.xml")
	if !slices.Equal(got, []string{want, want, want}) {
		t.Errorf("it is called %q, want %s", got, want)
	}
}

// A store that is not there is found before anything is entered.
func TestRunNowhere(t *testing.T) {
	server := miniotest.Start(t)
	cfg := store.Config{Getenv: func(name string) string {
		for _, kv := range server.Env() {
			if value, ok := strings.CutPrefix(kv, name+"="); ok {
				return value
			}
		}
		return ""
	}}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]store.Location{
		"no bucket": {Bucket: "amiforge-no-such-bucket", Prefix: "x"},
		"a file":    {Dir: file},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorldAt(t, store.Location{Dir: filepath.Join(t.TempDir(), "east")}, to, cfg)
			if _, err := w.copy().Run(t.Context()); err == nil {
				t.Fatal("it is copied")
			}
			if all := w.copies(); len(all) != 0 {
				t.Errorf("entered: %+v", all)
			}
		})
	}
}
