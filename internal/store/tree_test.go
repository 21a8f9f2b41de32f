package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiforge/internal/miniotest"
	"amiforge/internal/store"
)

// trees are the kinds of trees that there are. Each call makes an empty one.
func trees() map[string]func(t *testing.T) (store.Location, store.Config) {
	return map[string]func(t *testing.T) (store.Location, store.Config){
		"directory": func(t *testing.T) (store.Location, store.Config) {
			return store.Location{Dir: t.TempDir()}, store.Config{NoSync: true, Create: true}
		},
		"prefix": bucket,
		"bucket": func(t *testing.T) (store.Location, store.Config) {
			loc, cfg := bucket(t)
			loc.Prefix = ""
			return loc, cfg
		},
	}
}

func below(loc store.Location, folder string) store.Location {
	if loc.Bucket == "" {
		return store.Location{Dir: filepath.Join(loc.Dir, folder)}
	}
	return store.Location{Bucket: loc.Bucket, Prefix: strings.TrimPrefix(path.Join("/", loc.Prefix, folder), "/")}
}

func openTree(t *testing.T, loc store.Location, cfg store.Config) *store.Tree {
	t.Helper()
	tree, err := store.OpenTree(t.Context(), loc, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// walked returns what a walk yields: the wanted names, joined, by folder.
func walked(t *testing.T, tree *store.Tree, opts *store.WalkOptions) map[string]string {
	t.Helper()
	found := map[string]string{}
	for folder, err := range tree.Walk(t.Context(), opts) {
		if err != nil {
			t.Fatal(err)
		}
		at := strings.TrimPrefix(strings.TrimPrefix(folder.Location.String(), tree.Location().String()), "/")
		if _, again := found[at]; again {
			t.Errorf("folder %q comes twice", at)
		}
		found[at] = namesOf(folder)
	}
	return found
}

func namesOf(folder store.Folder) string {
	if folder.Skipped {
		return "skipped"
	}
	var names []string
	for _, o := range folder.Objects {
		names = append(names, o.Name)
	}
	return strings.Join(names, " ")
}

func TestWalk(t *testing.T) {
	for name, make := range trees() {
		t.Run(name, func(t *testing.T) {
			loc, cfg := make(t)
			before := time.Now().Add(-time.Minute)
			for _, object := range []string{
				"image.manifest.xml", "zz", "web/a.part.1", "web/z", "web/sub/b", "web/sub/deep/c", "web.old/d", "web/sub.x/e",
				".registry/v1/images/x", "web/.registry/v1/y", "other/.registry/z", "notes/readme.txt", "-first/.registry/k",
			} {
				put(t, open(t, below(loc, path.Dir(object)), cfg), path.Base(object), []byte(object))
			}
			tree := openTree(t, loc, cfg)
			want := map[string]string{
				"": "image.manifest.xml zz", "web": "a.part.1 z", "web/sub": "b", "web/sub/deep": "c", "web.old": "d",
				"web/sub.x": "e", ".registry": "skipped", "web/.registry": "skipped", "other/.registry": "skipped",
				"-first/.registry": "skipped",
			}
			opts := &store.WalkOptions{Skip: ".registry", Want: func(name string) bool { return name != "readme.txt" }}
			if diff := cmp.Diff(want, walked(t, tree, opts)); diff != "" {
				t.Errorf("walked (-want +got):\n%s", diff)
			}
			if all := walked(t, tree, nil); len(all) != 11 || all["web/.registry/v1"] != "y" {
				t.Errorf("without options: %v", all)
			}
			folder, err := tree.Folder(t.Context(), below(loc, "web"), nil)
			if err != nil || namesOf(folder) != "a.part.1 z" {
				t.Fatalf("folder is %+v, %v", folder, err)
			}
			o := folder.Objects[0]
			if o.Size != int64(len("web/a.part.1")) || o.Modified.Before(before) || o.Modified.After(time.Now().Add(time.Minute)) {
				t.Errorf("object is %+v", o)
			}
			for folder, want := range map[string]bool{"web": true, "we": false, "zz": false, ".registry": true} {
				if has, err := tree.Has(t.Context(), loc, folder); has != want || err != nil {
					t.Errorf("has %s: %t, %v", folder, has, err)
				}
			}
			st, err := tree.Open(below(loc, "web"))
			if err != nil {
				t.Fatal(err)
			}
			if content, err := tryRead(t.Context(), st, "z"); err != nil || string(content) != "web/z" {
				t.Errorf("read %q, %v", content, err)
			}
		})
	}
}

// A walk can be left at any point.
func TestWalkEnds(t *testing.T) {
	for name, make := range trees() {
		t.Run(name, func(t *testing.T) {
			loc, cfg := make(t)
			for _, object := range []string{"a/x", "a/b/x", "b/.registry/x", "c/x"} {
				put(t, open(t, below(loc, path.Dir(object)), cfg), path.Base(object), []byte(object))
			}
			for n := 1; n <= 4; n++ {
				yielded := 0
				for range openTree(t, loc, cfg).Walk(t.Context(), &store.WalkOptions{Skip: ".registry"}) {
					if yielded++; yielded == n {
						break
					}
				}
				if yielded != n {
					t.Errorf("yielded %d, want %d", yielded, n)
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			for _, err := range openTree(t, loc, cfg).Walk(ctx, nil) {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("canceled: %v", err)
				}
			}
		})
	}
}

func TestWalkMissing(t *testing.T) {
	loc, cfg := bucket(t)
	loc.Bucket += "-none"
	for name, tree := range map[string]*store.Tree{
		"bucket":    openTree(t, loc, cfg),
		"directory": openTree(t, store.Location{Dir: filepath.Join(t.TempDir(), "none")}, store.Config{}),
	} {
		n := 0
		for folder, err := range tree.Walk(t.Context(), nil) {
			n++
			if err == nil || name == "bucket" && !errors.Is(err, store.ErrBucket) || name == "directory" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %+v, %v", name, folder, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: yielded %d, want an error", name, n)
		}
	}
}

// What a session may not list, an empty bucket could look like.
func TestWalkForbidden(t *testing.T) {
	loc, cfg := bucket(t)
	put(t, open(t, loc, cfg), "there", part)
	nobody := miniotest.Start(t).Session(t, miniotest.NoAccess)
	cfg.Getenv = getenv(nobody.Env())
	tree := openTree(t, loc, cfg)
	for folder, err := range tree.Walk(t.Context(), nil) {
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("walk: %+v, %v", folder, err)
		}
	}
	if folder, err := tree.Folder(t.Context(), loc, nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("folder: %+v, %v", folder, err)
	}
}

// Links lead anywhere: they are not followed, and are no objects. A folder that may not be read is told, and the
// others are walked.
func TestWalkLinks(t *testing.T) {
	dir := t.TempDir()
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700),
		os.MkdirAll(filepath.Join(dir, "closed"), 0o000),
		os.WriteFile(filepath.Join(dir, "a", "b", "x"), nil, 0o600),
		os.Symlink(dir, filepath.Join(dir, "a", "loop")),
		os.Symlink(filepath.Join(dir, "a", "b", "x"), filepath.Join(dir, "a", "link")),
		os.WriteFile(filepath.Join(dir, "new\nline"), nil, 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	denied := 0
	for folder, err := range openTree(t, store.Location{Dir: dir}, store.Config{}).Walk(t.Context(), nil) {
		if errors.Is(err, fs.ErrPermission) && folder.Location.Dir == filepath.Join(dir, "closed") {
			denied++
		} else if err != nil || folder.Location.Dir != filepath.Join(dir, "a", "b") || namesOf(folder) != "x" {
			t.Errorf("walked %+v, %v", folder, err)
		}
	}
	if denied != 1 && os.Geteuid() != 0 {
		t.Errorf("the closed folder was told %d times", denied)
	}
}

// A file that kept its old time when it was copied is as young as its name.
func TestWalkTimes(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "image.part.00")
	before := time.Now().Add(-time.Minute)
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chtimes(file, time.Unix(0, 0), time.Unix(0, 0))); err != nil {
		t.Fatal(err)
	}
	for folder, err := range openTree(t, store.Location{Dir: dir}, store.Config{}).Walk(t.Context(), nil) {
		if err != nil || folder.Objects[0].Modified.Before(before) {
			t.Errorf("%+v, %v", folder, err)
		}
	}
}

// More keys than a page has.
func TestWalkPages(t *testing.T) {
	if testing.Short() {
		t.Skip("puts 1,100 objects")
	}
	loc, cfg := bucket(t)
	for n := range 1100 {
		put(t, open(t, below(loc, string(rune('a'+n%2))), cfg), fmt.Sprintf("%04d", n), nil)
	}
	count := map[string]int{}
	for folder, err := range openTree(t, loc, cfg).Walk(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		count[path.Base(folder.Location.Prefix)] += len(folder.Objects)
	}
	if diff := cmp.Diff(map[string]int{"a": 550, "b": 550}, count); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
}
