package gc

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiforge/bundle"
	"amiforge/internal/miniotest"
	"amiforge/internal/registry"
	"amiforge/internal/store"
	"amiforge/manifest"
)

func TestMain(m *testing.M) { miniotest.Main(m) }

// A world is a registry with a store around it, and a collector that looks at it two days later.
type world struct {
	*testing.T
	*Collector
	root store.Location
	cfg  store.Config
	made int
}

// onEach runs test in a new world in a directory and in a bucket.
func onEach(t *testing.T, test func(w *world)) {
	t.Run("directory", func(t *testing.T) {
		dir, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		test(newWorld(t, store.Location{Dir: dir}, store.Config{NoSync: true, Create: true}))
	})
	t.Run("bucket", func(t *testing.T) {
		server := miniotest.Start(t)
		loc := store.Location{Bucket: server.NewBucket(t), Prefix: "some/where"}
		test(newWorld(t, loc, configOf(server.Env())))
	})
}

func configOf(env []string) store.Config {
	return store.Config{Getenv: func(name string) string {
		for _, kv := range env {
			if value, ok := strings.CutPrefix(kv, name+"="); ok {
				return value
			}
		}
		return ""
	}}
}

func newWorld(t *testing.T, root store.Location, cfg store.Config) *world {
	t.Helper()
	engine, err := registry.Open(t.Context(), root.String(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	w := &world{T: t, root: root, cfg: cfg, Collector: &Collector{
		Engine: engine, Own: root, MinAge: 24 * time.Hour,
		Now:    func() time.Time { return time.Now().Add(48 * time.Hour) },
		Config: func(registry.Image) (store.Config, error) { return cfg, nil },
	}}
	w.Trees = []*store.Tree{w.tree(root)}
	return w
}

func (w *world) tree(loc store.Location) *store.Tree {
	w.Helper()
	tree, err := store.OpenTree(w.Context(), loc, w.cfg)
	if err != nil {
		w.Fatal(err)
	}
	return tree
}

// in returns the location of a folder.
func (w *world) in(folder string) store.Location {
	if w.root.Bucket == "" {
		return store.Location{Dir: filepath.Join(w.root.Dir, folder)}
	}
	return store.Location{Bucket: w.root.Bucket, Prefix: path.Join(w.root.Prefix, folder)}
}

// at returns the location of an object.
func (w *world) at(object string) string { return w.in(path.Dir(object)).Object(path.Base(object)) }

func (w *world) open(folder string) bundle.Store {
	w.Helper()
	st, err := store.Open(w.Context(), w.in(folder), w.cfg)
	if err != nil {
		w.Fatal(err)
	}
	return st
}

func (w *world) put(object string, content []byte) {
	w.Helper()
	st := w.open(path.Dir(object))
	if err := st.Put(w.Context(), path.Base(object), bytes.NewReader(content), int64(len(content)), sha1.Sum(content)); err != nil {
		w.Fatal(err)
	}
}

// came returns when an object came, as its server says.
func (w *world) came(object string) time.Time {
	w.Helper()
	want := func(name string) bool { return name == path.Base(object) }
	folder, err := w.Trees[0].Folder(w.Context(), w.in(path.Dir(object)), &store.WalkOptions{Want: want})
	if err != nil || len(folder.Objects) != 1 {
		w.Fatalf("%s: %+v, %v", object, folder, err)
	}
	return folder.Objects[0].Modified
}

func (w *world) remove(object string) {
	w.Helper()
	if err := w.open(path.Dir(object)).Remove(w.Context(), path.Base(object)); err != nil {
		w.Fatal(err)
	}
}

const (
	account = "111122223333"
	other   = "444455556666"
)

// document returns a manifest of account with these parts, another one each time.
func (w *world) document(name string, parts ...string) []byte {
	w.Helper()
	text, err := os.ReadFile(filepath.FromSlash("../../testdata/bundle/adversarial/sig-unsigned.manifest.xml"))
	if err != nil {
		w.Fatal(err)
	}
	w.made++
	list := fmt.Sprintf("<parts count='%d'>", len(parts))
	for i, part := range parts {
		list += fmt.Sprintf("<part index='%d'><filename>%s</filename><digest algorithm='SHA1'>%040x</digest></part>", i, part, w.made)
	}
	text = regexp.MustCompile("<parts.*</parts>").ReplaceAllLiteral(text, []byte(list+"</parts>"))
	text = bytes.ReplaceAll(text, []byte("<name>tiny.img<"), []byte("<name>"+name+"<"))
	if _, err := manifest.Parse(text); err != nil && !strings.Contains(strings.Join(parts, ""), "/") {
		w.Fatal(err)
	}
	return text
}

// bundle puts a bundle called image of two parts into a folder and returns its manifest's location and digest.
func (w *world) bundle(folder string) registry.Image {
	w.Helper()
	w.put(path.Join(folder, "image.part.00"), []byte("the first part.."))
	w.put(path.Join(folder, "image.part.01"), []byte("the second part."))
	doc := w.document("image", "image.part.00", "image.part.01")
	w.put(path.Join(folder, "image.manifest.xml"), doc)
	return registry.Image{
		Location: w.at(path.Join(folder, "image.manifest.xml")), ManifestDigest: registry.DigestManifest(doc),
	}
}

// image registers what bundle returned.
func (w *world) image(m registry.Image, name string) registry.Image {
	w.Helper()
	m.Name, m.Owner, m.Region, m.Architecture = name, account, "local", "x86_64"
	m, err := w.Engine.Register(w.Context(), m)
	if err != nil {
		w.Fatal(err)
	}
	return m
}

// copyInto begins a copy of an image into a folder called by its ID, below some folder.
func (w *world) copyInto(source registry.Image, folder, name string) registry.Image {
	w.Helper()
	m, err := registry.CopyOf(source, registry.CopyRequest{Name: name, Region: "local"})
	if err == nil {
		m, err = w.Engine.BeginCopy(w.Context(), m, func(id string) string { return w.at(path.Join(folder, id, "image.manifest.xml")) })
	}
	if err != nil {
		w.Fatal(err)
	}
	return m
}

// pending leaves what a registration does that was killed.
func (w *world) pending(id, location string, age time.Duration) {
	w.Helper()
	text := fmt.Sprintf(`{"ImageId":%q,"Name":"killed","OwnerId":%q,"Region":"local","ImageLocation":%q,`+
		`"Architecture":"x86_64","State":"pending","CreationDate":%q,"Nonce":"n"}`,
		id, account, location, registry.TimeOf(time.Now().Add(-age)))
	w.put(".registry/v1/images/"+id+".json", []byte(text))
}

func (w *world) deregister(m registry.Image) {
	w.Helper()
	if _, err := w.Engine.Deregister(w.Context(), m.ID, registry.Caller{}); err != nil {
		w.Fatal(err)
	}
}

func (w *world) state(m registry.Image) registry.State {
	w.Helper()
	listing, err := w.Engine.Describe(w.Context(), registry.Query{IDs: []string{m.ID}, IncludeDeregistered: true})
	if err != nil {
		w.Fatal(err)
	}
	return listing.Images[0].State
}

// plan returns what the collector finds.
func (w *world) plan() *Plan {
	w.Helper()
	plan, err := w.Find(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return plan
}

// wants wants the collector to find these, "kind target action", targets being relative.
func (w *world) wants(want ...string) []Finding {
	w.Helper()
	plan := w.plan()
	var got []string
	for _, f := range plan.Findings {
		got = append(got, fmt.Sprintf("%s %s %s", f.Kind, w.relative(f.Target), f.Action))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("found (-want +got):\n%s", diff)
		for _, f := range plan.Findings {
			w.Logf("%s: %s", f.Target, f.Why)
		}
	}
	return plan.Findings
}

func (w *world) relative(location string) string {
	return strings.TrimPrefix(location, folderKey(w.root))
}

// wantsWhy wants one finding, which is kept, to say why.
func (w *world) wantsWhy(want, why string) {
	w.Helper()
	if f := w.wants(want); len(f) == 1 && !strings.Contains(f[0].Why, why) {
		w.Errorf("why is %q, want %q in it", f[0].Why, why)
	}
}

// collect acts on all that is found.
func (w *world) collect(ctx context.Context) error {
	w.Helper()
	w.again = nil // as in another process
	var errs []error
	for _, f := range w.plan().Findings {
		_, err := w.Act(ctx, f)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// has wants the store to have these objects and no others, but for the registry.
func (w *world) has(want ...string) {
	w.Helper()
	var got []string
	for folder, err := range w.tree(w.root).Walk(w.Context(), &store.WalkOptions{Skip: registryFolder}) {
		if err != nil {
			w.Fatal(err)
		}
		for _, o := range folder.Objects {
			got = append(got, w.relative(folder.Location.Object(o.Name)))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("the store has (-want +got):\n%s", diff)
	}
}

// whole are the objects of a bundle.
func whole(folder string) []string {
	return []string{folder + "/image.manifest.xml", folder + "/image.part.00", folder + "/image.part.01"}
}
