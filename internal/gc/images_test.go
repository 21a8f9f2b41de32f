package gc

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
	"amiforge/internal/registry"
	"amiforge/internal/store"
)

func TestImage(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		lost := w.image(w.bundle("lost"), "lost")
		disabled := w.image(w.bundle("disabled"), "disabled")
		if _, err := w.Engine.Modify(w.Context(), disabled.ID, registry.Caller{}, registry.Disable()); err != nil {
			w.Fatal(err)
		}
		w.wants()
		w.remove("lost/image.manifest.xml")
		w.remove("disabled/image.manifest.xml")
		w.remove("disabled/image.part.01")
		for _, f := range w.plan().Findings {
			if f.Kind != Image || f.Action != Deregister || f.Age < 47*time.Hour || !strings.Contains(f.Why, "/image.manifest.xml is missing") {
				w.Errorf("finding is %+v", f)
			}
		}
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		if w.state(lost) != registry.Deregistered || w.state(disabled) != registry.Deregistered {
			w.Errorf("states are %s and %s", w.state(lost), w.state(disabled))
		}
		w.again = nil
		w.wants("half-upload disabled/image.part.* delete", "half-upload lost/image.part.* delete")
	})
}

func TestImageKept(t *testing.T) {
	for name, c := range map[string]struct {
		change registry.Change
		set    func(w *world)
		why    string // "" if it is not found at all
	}{
		"young":        {set: func(w *world) { w.MinAge = 72 * time.Hour }},
		"other region": {set: func(w *world) { w.Region = "elsewhere" }},
		"not below":    {set: func(w *world) { w.Narrow, w.Trees = true, []*store.Tree{w.tree(w.in("web"))} }},
		"keep tag":     {change: registry.Label(registry.Tag{Key: "keep"}), set: func(w *world) { w.Keep = []Tag{{Key: "keep", Any: true}} }},
		"other owner":  {set: func(w *world) { w.By.Account = other }},
		"protected":    {change: registry.Protect(), why: "protected from being deregistered"},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(w *world) {
				w.image(w.bundle("web"), "web")
				w.put("lost/keeps the folder", nil)
				lost := w.image(registry.Image{Location: w.at("lost/image.manifest.xml")}, "lost")
				if c.change != nil {
					if _, err := w.Engine.Modify(w.Context(), lost.ID, registry.Caller{}, c.change); err != nil {
						w.Fatal(err)
					}
				}
				if c.set != nil {
					c.set(w)
				}
				if c.why == "" {
					w.wants()
				} else {
					w.wantsWhy("image "+lost.ID+" keep", c.why)
				}
				if err := w.collect(w.Context()); err != nil {
					w.Error(err)
				}
				if state := w.state(lost); state != registry.Available {
					w.Errorf("state is %s", state)
				}
			})
		})
	}
}

// What cannot be reached is not gone.
func TestImageOutOfReach(t *testing.T) {
	server := miniotest.Start(t)
	missing, denied := "s3://amiforge-none/web/image.manifest.xml", "s3://"+server.NewBucket(t)+"/web/image.manifest.xml"
	for name, c := range map[string]struct{ location, why string }{
		"missing bucket":  {missing, "404 NoSuchBucket"},
		"forbidden":       {denied, "403 AccessDenied"},
		"relative":        {"relative/image.manifest.xml", "NoSuchBucket"}, // as EC2 spells a bucket
		"no location":     {"https://host/x", "is not an absolute path"},
		"unmounted":       {"/nowhere/at/all/image.manifest.xml", "maybe a disk is not mounted"},
		"not a directory": {"/dev/null/image.manifest.xml", "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(w *world) {
				w.image(w.bundle("web"), "web")
				m := w.image(registry.Image{Location: c.location}, "lost")
				w.Config = func(registry.Image) (store.Config, error) {
					if c.location == denied {
						return configOf(server.Session(t, miniotest.NoAccess).Env()), nil
					}
					return configOf(server.Env()), nil
				}
				w.wantsWhy("image "+m.ID+" keep", c.why)
			})
		})
	}
}

// A bucket called as that of a tree is another one on another server.
func TestImageOnAnotherServer(t *testing.T) {
	onEach(t, func(w *world) {
		if w.root.Bucket == "" {
			return
		}
		w.image(w.bundle("web"), "web")
		m := w.image(registry.Image{Location: w.at("lost/image.manifest.xml")}, "lost")
		w.wants("image " + m.ID + " deregister")
		p := faultproxy.New(w, miniotest.Start(w).Endpoint)
		p.Add(faultproxy.Rule{Times: faultproxy.Always, Fault: faultproxy.Answer(http.StatusForbidden, "AccessDenied", "")})
		cfg := w.cfg
		cfg.Endpoint = p.URL
		w.Config = func(registry.Image) (store.Config, error) { return cfg, nil }
		w.wantsWhy("image "+m.ID+" keep", "403 AccessDenied")
	})
}

// Images elsewhere are looked for unless the collector is a narrow one.
func TestImageElsewhere(t *testing.T) {
	onEach(t, func(w *world) {
		lost, there := w.bundle("elsewhere/lost"), w.image(w.bundle("elsewhere/there"), "there")
		w.put("web/readme", nil)
		m := w.image(lost, "lost")
		w.remove("elsewhere/lost/image.manifest.xml")
		w.Trees = []*store.Tree{w.tree(w.in("web"))}
		w.wants("image " + m.ID + " deregister")
		w.Narrow = true
		w.wants()
		w.Narrow = false
		if err := w.collect(w.Context()); err != nil || w.state(m) != registry.Deregistered || w.state(there) != registry.Available {
			w.Errorf("%s, %s, %v", w.state(m), w.state(there), err)
		}
	})
}

// A folder that is gone from a tree is gone; one that a disk is missing from is not.
func TestImageFolderIsGone(t *testing.T) {
	onEach(t, func(w *world) {
		if w.root.Bucket != "" {
			return
		}
		m := w.image(w.bundle("a/b/lost"), "lost")
		w.put("store/.keep", nil)
		if err := os.RemoveAll(filepath.Join(w.root.Dir, "a")); err != nil {
			w.Fatal(err)
		}
		w.wants("image " + m.ID + " deregister")
		if err := os.Mkdir(filepath.Join(w.root.Dir, "a"), 0o700); err != nil { // where a disk was
			w.Fatal(err)
		}
		w.wantsWhy("image "+m.ID+" keep", "maybe a disk is not mounted")
		w.remove("store/.keep")
		w.Trees = []*store.Tree{w.tree(w.in("store"))}
		w.wantsWhy("image "+m.ID+" keep", "maybe a disk is not mounted")
	})
}

func TestImageIncomplete(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.image(w.bundle("web"), "web")
		w.remove("web/image.part.01")
		w.wantsWhy("incomplete "+m.ID+" keep", "1 parts of 2 are missing, image.part.01 first")
		w.bundle("web")
		w.wantsWhy("changed "+m.ID+" keep", "is another manifest than the one that was registered")
		w.By.Account = other
		w.wants()
	})
}

// An image whose manifest has come back since it was planned stays.
func TestImageRecovers(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.image(registry.Image{Location: w.at("web/image.manifest.xml")}, "web")
		w.put("web/image.part.00", nil)
		plan := w.wants("image " + m.ID + " deregister")
		w.bundle("web")
		if f, err := w.Act(w.Context(), plan[0]); err != nil || f.Action != Keep {
			w.Errorf("%+v, %v", f, err)
		}
		w.remove("web/image.manifest.xml")
		if _, err := w.Engine.Modify(w.Context(), m.ID, registry.Caller{}, registry.Protect()); err != nil {
			w.Fatal(err)
		}
		if f, err := w.Act(w.Context(), plan[0]); err == nil || !strings.Contains(err.Error(), "OperationNotPermitted") {
			w.Errorf("protected meanwhile: %+v, %v", f, err)
		}
		if state := w.state(m); state != registry.Available {
			w.Errorf("state is %s", state)
		}
	})
}

// What a killed registration left is ended. Its bundle goes in a later run.
func TestRegistrationCutShort(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		old := w.bundle("old").Location
		w.pending("ami-00000000000000001", old, 30*time.Hour)
		w.wants("registration ami-00000000000000001 abort")
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		w.has(append(whole("web"), whole("old")...)...)
		if state := w.state(registry.Image{ID: "ami-00000000000000001"}); state != registry.Failed {
			w.Errorf("the registration is %s", state)
		}
		w.again = nil
		w.wants("bundle old/image.manifest.xml delete")
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		w.has(whole("web")...)

		w.MinAge = 72 * time.Hour
		w.pending("ami-00000000000000002", old, 10*time.Hour)
		w.wants()
	})
}

// A registration that comes to its end after all is none to end.
func TestRegistrationFinishes(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.bundle("web")
		w.pending("ami-00000000000000001", b.Location, 30*time.Hour)
		plan := w.wants("registration ami-00000000000000001 abort")
		text, err := readAll(w, ".registry/v1/images/ami-00000000000000001.json")
		if err != nil {
			w.Fatal(err)
		}
		w.remove(".registry/v1/images/ami-00000000000000001.json")
		w.put(".registry/v1/images/ami-00000000000000001.json", []byte(strings.Replace(string(text), "pending", "available", 1)))
		if f, err := w.Act(w.Context(), plan[0]); err != nil || f.Action != Keep {
			w.Errorf("%+v, %v", f, err)
		}
		if state := w.state(registry.Image{ID: "ami-00000000000000001"}); state != registry.Available {
			w.Errorf("the registration is %s", state)
		}
	})
}
