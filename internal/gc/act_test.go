package gc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path"
	"testing"
	"time"

	"amiforge/bundle"
	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
	"amiforge/internal/registry"
)

func readAll(w *world, object string) ([]byte, error) {
	r, _, err := w.open(path.Dir(object)).Open(w.Context(), path.Base(object))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// Things change between plan and action: nothing is deleted that is not garbage any more.
func TestActChanged(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world, b registry.Image)
		left   []string
	}{
		"registered": {func(w *world, b registry.Image) { w.image(b, "lone") }, whole("lone")},
		"another bundle": {func(w *world, _ registry.Image) {
			w.bundle("lone")
		}, whole("lone")},
		"removed": {func(w *world, _ registry.Image) {
			if err := bundle.Remove(w.Context(), w.open("lone"), "image.manifest.xml"); err != nil {
				w.Fatal(err)
			}
		}, nil},
		"record becomes unreadable": {func(w *world, _ registry.Image) {
			w.put(".registry/v1/images/ami-0123456789abcdef0.json", []byte("{"))
		}, whole("lone")},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(w *world) {
				w.image(w.bundle("web"), "web")
				b := w.bundle("lone")
				plan := w.wants("bundle lone/image.manifest.xml delete")
				c.change(w, b)
				if f, err := w.Act(w.Context(), plan[0]); err != nil || f.Action != Keep {
					w.Errorf("%+v, %v", f, err)
				}
				w.has(append(whole("web"), c.left...)...)
			})
		})
	}
}

// The report of an audit is no garbage by itself, and goes with its bundle.
func TestActTakesReport(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.put("web/image.audit.json", []byte("{}"))
		w.bundle("lone")
		w.put("lone/image.audit.json", []byte("{}"))
		plan := w.wants("bundle lone/image.manifest.xml delete")
		if f, err := w.Act(w.Context(), plan[0]); err != nil || f.Action != Delete {
			w.Errorf("%+v, %v", f, err)
		}
		w.has(append(whole("web"), "web/image.audit.json")...)
	})
}

// The registry is asked again for each bundle: what Act has read of it may be older.
func TestActRegisteredLast(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.bundle("a")
		b := w.bundle("b")
		plan := w.wants("bundle a/image.manifest.xml delete", "bundle b/image.manifest.xml delete")
		if f, err := w.Act(w.Context(), plan[0]); err != nil || f.Action != Delete || f.Objects != 3 {
			w.Errorf("%+v, %v", f, err)
		}
		w.image(b, "web-b")
		if f, err := w.Act(w.Context(), plan[1]); err != nil || f.Action != Keep {
			w.Errorf("%+v, %v", f, err)
		}
		w.has(append(whole("web"), whole("b")...)...)
	})
}

// A bundle is registered, in another way than by its location, while others are deleted: many take a while.
func TestActRegisteredElsewhere(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.bundle("a")
		b := w.bundle("b")
		plan := w.wants("bundle a/image.manifest.xml delete", "bundle b/image.manifest.xml delete")
		if f, err := w.Act(w.Context(), plan[0]); err != nil || f.Action != Delete {
			w.Errorf("%+v, %v", f, err)
		}
		b.Location = "/mnt" + b.Location
		w.image(b, "web-b")
		now := w.Now
		w.Now = func() time.Time { return now().Add(fresh) }
		if f, err := w.Act(w.Context(), plan[1]); err != nil || f.Action != Keep {
			w.Errorf("%+v, %v", f, err)
		}
		w.has(append(whole("web"), whole("b")...)...)
	})
}

// The upload is finished between plan and action.
func TestActUploaded(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.put("half/image.part.00", nil)
		plan := w.wants("half-upload half/image.part.* delete")
		w.bundle("half")
		if f, err := w.Act(w.Context(), plan[0]); err != nil || f.Action != Keep {
			w.Errorf("%+v, %v", f, err)
		}
		w.has(append(whole("web"), whole("half")...)...)
	})
}

// The upload comes to its end while its parts are deleted.
func TestRemoveStopsAtManifest(t *testing.T) {
	onEach(t, func(w *world) {
		w.bundle("half")
		st := w.open("half")
		f := Finding{Kind: HalfUpload, name: "image", parts: []string{"image.part.00", "image.part.01"}}
		if err := w.removeObjects(w.Context(), st, f); !errors.Is(err, errOther) {
			w.Error(err)
		}
		w.has(whole("half")...)
	})
}

// A process that writes the bundle in a directory holds its lock.
func TestActLocked(t *testing.T) {
	onEach(t, func(w *world) {
		if w.root.Bucket != "" {
			return
		}
		w.image(w.bundle("web"), "web")
		w.put("half/image.part.00", nil)
		plan := w.wants("half-upload half/image.part.* delete")
		unlock, err := bundle.Lock(w.open("half"), "image")
		if err != nil {
			w.Fatal(err)
		}
		if _, err := w.Act(w.Context(), plan[0]); err == nil {
			w.Error("deleted under a lock")
		}
		if err := stat(w.Context(), plan[0].at, "image.part.00"); err != nil {
			w.Error(err)
		}
		unlock()
		if _, err := w.Act(w.Context(), plan[0]); err != nil {
			w.Error(err)
		}
		w.has(whole("web")...)
	})
}

// What a killed collector leaves, the next one finds and finishes.
func TestActAgain(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.bundle("lone")
		w.remove("lone/image.part.00")
		w.put("half/image.part.07", nil)
		w.wants("bundle lone/image.manifest.xml delete", "half-upload half/image.part.* delete")
		ctx, cancel := context.WithCancel(w.Context())
		cancel()
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		if _, err := w.Find(ctx); !errors.Is(err, context.Canceled) {
			w.Errorf("canceled: %v", err)
		}
		w.wants()
		w.has(whole("web")...)
	})
}

// One action fails: the others are done, and the manifest stays as long as a part is left.
func TestActFails(t *testing.T) {
	server := miniotest.Start(t)
	onEach(t, func(w *world) {
		if w.root.Bucket == "" {
			return
		}
		w.image(w.bundle("web"), "web")
		w.bundle("a")
		w.bundle("b")
		proxy := faultproxy.New(w, server.Endpoint)
		proxy.Add(faultproxy.Rule{
			Method: "DELETE", Path: "a/image.part.01", Times: faultproxy.Always,
			Fault: faultproxy.Answer(http.StatusForbidden, "AccessDenied", "no"),
		})
		w.cfg.Endpoint = proxy.URL
		w.Trees[0] = w.tree(w.root)
		if err := w.collect(w.Context()); err == nil {
			w.Error("no error")
		}
		w.again = nil
		w.wants("bundle a/image.manifest.xml delete")
		w.cfg.Endpoint = ""
		w.Trees[0] = w.tree(w.root)
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		w.has(whole("web")...)
	})
}
