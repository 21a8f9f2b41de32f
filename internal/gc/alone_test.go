package gc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"amiforge/internal/registry"
	"amiforge/internal/store"
)

func TestCheckAlone(t *testing.T) {
	for name, c := range map[string]struct {
		other func(w *world, b registry.Image) // what else there is
		want  string                           // in the error, "" for none
	}{
		"alone":         {func(*world, registry.Image) {}, ""},
		"same location": {func(w *world, b registry.Image) { w.image(b, "other") }, "it is also that of ami-"},
		"ended":         {func(w *world, b registry.Image) { w.deregister(w.image(b, "other")) }, ""},
		"not seen": {func(w *world, b registry.Image) {
			b.Location = "/mnt/elsewhere" + b.Location
			w.image(b, "other")
		}, ", registered at /mnt/elsewhere"},
		"its own": {func(w *world, b registry.Image) {
			w.copyBundle("web", "far")
			b.Location = w.at("far/image.manifest.xml")
			w.image(b, "other")
		}, ""},
		"unreadable record": {func(w *world, _ registry.Image) {
			w.put(".registry/v1/images/ami-0123456789abcdef0.json", []byte("{"))
		}, "ami-0123456789abcdef0.json"},
		"other registry": {func(w *world, _ registry.Image) { w.Foreign = []store.Location{w.root} }, "in the store of another registry"},
		"cut short": {func(w *world, b registry.Image) {
			w.pending("ami-00000000000000001", b.Location, 2*time.Hour)
		}, "ami-00000000000000001 (a registration that was cut short: ami-deregister ami-00000000000000001 ends it)"},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(w *world) {
				b := w.bundle("web")
				m := w.image(b, "web")
				c.other(w, b)
				err := w.CheckAlone(w.Context(), m)
				if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
					w.Errorf("%v, want %q", err, c.want)
				}
			})
		})
	}
}

// One directory with two names is one, and so may a bucket be with a directory.
func TestCheckAloneSpelling(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.bundle("web")
		m := w.image(b, "web")
		if w.root.Bucket != "" {
			dir := w.TempDir()
			for _, object := range whole("") {
				content, err := readAll(w, "web"+object)
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, object), content, 0o600)
				}
				if err != nil {
					w.Fatal(err)
				}
			}
			b.Location = filepath.Join(dir, "image.manifest.xml")
		} else {
			link := filepath.Join(w.TempDir(), "link")
			if err := os.Symlink(w.root.Dir, link); err != nil {
				w.Fatal(err)
			}
			b.Location = filepath.Join(link, "web/image.manifest.xml")
		}
		other := w.image(b, "other")
		for _, image := range []registry.Image{m, other} {
			if err := w.CheckAlone(w.Context(), image); err == nil {
				w.Errorf("the bundle of %s is nobody else's", image.Location)
			}
		}
		w.Foreign = []store.Location{w.root}
		if err := w.CheckAlone(w.Context(), other); w.root.Bucket == "" && (err == nil || !strings.Contains(err.Error(), "another registry")) {
			w.Error(err)
		}
	})
}
