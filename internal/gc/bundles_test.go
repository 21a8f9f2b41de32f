package gc

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"amiforge/internal/registry"
	"amiforge/internal/store"
)

func TestBundle(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.bundle("a/b/lone")
		w.bundle("2024")
		w.put("2024/notes.txt", []byte("foreign"))
		w.put("2024/image.part.1.txt", []byte("foreign"))
		w.put("2024/image.part.09", []byte("of an earlier bundle"))
		plan := w.wants("bundle 2024/image.manifest.xml delete", "bundle a/b/lone/image.manifest.xml delete")
		if f := plan[0]; f.Objects != 3 || f.Bytes < 11 || f.Age < 47*time.Hour || f.Why != "no image names it" {
			w.Errorf("finding is %+v", f)
		}
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		w.has(append(whole("web"), "2024/notes.txt", "2024/image.part.1.txt", "2024/image.part.09")...)
	})
}

func TestBundleTooYoung(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.bundle("young")
		w.MinAge = 49 * time.Hour
		w.wants()
		w.MinAge = 0
		w.Now = nil
		w.wants("bundle young/image.manifest.xml delete")
	})
}

// The grace begins anew when the image ends: who has deregistered the wrong one can register it again.
func TestBundleOfDeregistered(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		gone := w.image(w.bundle("gone"), "gone")
		w.deregister(gone)
		w.Now = func() time.Time { return time.Now().Add(time.Hour) }
		w.wants()
		w.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
		w.wantsWhy("bundle gone/image.manifest.xml delete", gone.ID+" is deregistered")
	})
}

// A bundle stays as long as one living image names it, whatever state that is in.
func TestBundleShared(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.bundle("web")
		one := w.image(b, "one")
		two := w.image(b, "two")
		w.deregister(one)
		w.wants()
		if _, err := w.Engine.Modify(w.Context(), two.ID, registry.Caller{}, registry.Disable()); err != nil {
			w.Fatal(err)
		}
		w.wants()
		w.deregister(two)
		w.wants("bundle web/image.manifest.xml delete")
	})
}

// What two manifests name goes with the last of them.
func TestBundleSharedParts(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.put("web/old.manifest.xml", w.document("old", "image.part.00", "image.part.01", "old.part.02"))
		w.put("web/old.part.02", []byte("third"))
		plan := w.wants("bundle web/old.manifest.xml delete")
		if plan[0].Objects != 2 {
			w.Errorf("finding is %+v", plan[0])
		}
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		w.has(whole("web")...)
	})
}

func TestBundleKept(t *testing.T) {
	for name, c := range map[string]struct {
		make func(w *world)
		why  string
	}{
		"unreadable record": {func(w *world) {
			w.image(w.bundle("web"), "web")
			w.put(".registry/v1/images/ami-0123456789abcdef0.json", []byte("{"))
		}, "an image record that cannot be read may need it"},
		"wrong registry": {func(w *world) {}, "the registry has no images"},
		"another spelling": {func(w *world) {
			m := w.bundle("lone")
			m.Location = "/mnt" + m.Location
			w.image(m, "elsewhere")
			w.MinAge, w.Now = 0, func() time.Time { return time.Now().Add(time.Hour) }
			w.Narrow = true
		}, "it is the same as that of ami-"},
		"hostile": {func(w *world) {
			w.image(w.bundle("web"), "web")
			w.put("lone/notes.txt", nil)
			w.put("lone/image.manifest.xml", w.document("image", "image.part.00", "notes.txt"))
		}, `it names "notes.txt", which is not called like a part`},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(w *world) {
				w.bundle("lone")
				c.make(w)
				w.wantsWhy("bundle lone/image.manifest.xml keep", c.why)
				if err := w.collect(w.Context()); err != nil {
					w.Error(err)
				}
				if st, err := w.open("lone").Stat(w.Context(), "image.manifest.xml"); err != nil {
					w.Errorf("%+v, %v", st, err)
				}
			})
		})
	}
}

// A manifest that leads out of its folder does not parse, and is kept with all that lies beside it.
func TestUnreadableManifest(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.put("evil/image.manifest.xml", w.document("image", "../web/image.part.00"))
		w.put("evil/other.part.00", nil)
		w.put("short/image.manifest.xml", []byte("<manifest>"))
		w.wants("half-upload evil/other.part.* keep", "unreadable evil/image.manifest.xml keep", "unreadable short/image.manifest.xml keep")
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		w.has(append(whole("web"), "evil/image.manifest.xml", "evil/other.part.00", "short/image.manifest.xml")...)
	})
}

func TestUnreadableRecordIsTold(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.put(".registry/v1/images/ami-0123456789abcdef0.json", []byte("{"))
		if errs := w.plan().Errors; len(errs) != 1 || !strings.Contains(errs[0].Error(), "ami-0123456789abcdef0") {
			w.Errorf("errors are %v", errs)
		}
	})
}

func TestKeepTag(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		m := w.bundle("golden")
		m.Tags = []registry.Tag{{Key: "keep", Value: "yes"}}
		m = w.image(m, "golden")
		w.put("golden/other.part.00", nil)
		w.deregister(m)
		lost := registry.Image{Location: w.at("golden/lost.manifest.xml"), Tags: m.Tags}
		w.image(lost, "lost")
		w.put("elsewhere/image.part.00", nil)
		half := "half-upload elsewhere/image.part.* delete"
		for _, keep := range []Tag{{Key: "keep", Any: true}, {Key: "keep", Value: "yes"}} {
			w.Keep = []Tag{{Key: "other", Any: true}, keep}
			w.wants(half)
		}
		w.Keep = []Tag{{Key: "keep", Value: "no"}, {Key: "yes", Any: true}}
		plan := w.plan()
		if len(plan.Findings) != 3 { // the parts beside the bundle are not judged: the lost manifest may name them
			w.Errorf("with other tags: %+v", plan.Findings)
		}
	})
}

func TestAccount(t *testing.T) {
	onEach(t, func(w *world) {
		lost := w.image(registry.Image{Location: w.at("lost/image.manifest.xml")}, "lost")
		w.bundle("lone")
		w.put("half/image.part.00", nil)
		w.put("bad/image.manifest.xml", nil)
		w.put("web/keep", nil)
		w.By.Account = other
		w.put("lost/x", nil)
		w.wants("half-upload half/image.part.* keep")
		w.By.Account = account
		w.wants("bundle lone/image.manifest.xml delete", "half-upload half/image.part.* keep", "image "+lost.ID+" deregister")
	})
}

// The bundles below another registry are none of this one's.
func TestForeignRegistry(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.bundle("team/web")
		w.bundle("team-b/web")
		w.put("team/.registry/v1/images/ami-0123456789abcdef0.json", []byte("{}"))
		w.put("team/half/image.part.00", nil)
		w.wants("bundle team-b/web/image.manifest.xml delete", "registry team keep")
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		if err := stat(w.Context(), place{w.Trees[0], w.in("team/web")}, "image.manifest.xml"); err != nil {
			w.Error(err)
		}
	})
}

// Nor are those that lie below one.
func TestForeignRegistryAbove(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.bundle("team/lone")
		engine, err := registry.Open(w.Context(), w.in("team").String(), w.cfg, nil)
		if err != nil {
			w.Fatal(err)
		}
		defer engine.Close()
		w.Engine, w.Own, w.Trees = engine, w.in("team"), []*store.Tree{w.tree(w.in("team"))}
		w.image(w.bundle("team/web"), "web")
		w.wants("registry " + strings.TrimSuffix(w.root.String(), "/") + " keep")
	})
}

// EC2 leaves the scheme out.
func TestLocationWithoutScheme(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.bundle("web")
		m.Location = strings.TrimPrefix(m.Location, "s3://")
		w.image(m, "web")
		w.wants()
	})
}

func TestImageHasNoStandardManifestName(t *testing.T) {
	onEach(t, func(w *world) {
		w.put("web/image.part.00", nil)
		w.put("web/description.xml", w.document("image", "image.part.00"))
		m := w.image(registry.Image{Location: w.at("web/description.xml")}, "web")
		w.wants()
		w.deregister(m)
		w.wants("bundle web/description.xml delete")
		w.put("web/description.xml", []byte("<domain>"))
		w.wants("half-upload web/image.part.* delete")
	})
}

func TestFindFails(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		missing := w.in("none")
		if missing.Bucket != "" {
			missing = store.Location{Bucket: missing.Bucket + "-none"}
		}
		w.Trees = append(w.Trees, w.tree(missing))
		if plan, err := w.Find(w.Context()); err == nil {
			w.Errorf("a missing location is planned as %+v", plan)
		}
	})
}

// A folder that may not be read is told; what is in it stays, and the others are looked at.
func TestClosedFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		asNobody(t) // root may read all
		return
	}
	onEach(t, func(w *world) {
		if w.root.Bucket != "" {
			return
		}
		w.image(w.bundle("web"), "web")
		w.bundle("lone")
		w.bundle("closed")
		closed := filepath.Join(w.root.Dir, "closed")
		if err := os.Chmod(closed, 0); err != nil {
			w.Fatal(err)
		}
		w.Cleanup(func() { os.Chmod(closed, 0o700) })
		w.wants("bundle lone/image.manifest.xml delete")
		if errs := w.plan().Errors; len(errs) != 1 || !errors.Is(errs[0], os.ErrPermission) {
			w.Errorf("errors are %v", errs)
		}
	})
}

// asNobody runs the test in a process of a user without rights.
func asNobody(t *testing.T) {
	t.Helper()
	exe := "/proc/self/exe" // which lies where only root may go
	if _, err := os.Stat(exe); err != nil {
		exe = os.Args[0]
	}
	const nobody = 65534
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir, cmd.Env = "", append(os.Environ(), "TMPDIR=/tmp", "HOME=/nonexistent")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

func TestKindsAreSorted(t *testing.T) {
	findings := []Finding{{Kind: Copy, Target: "a"}, {Kind: Bundle, Target: "b"}, {Kind: Foreign}, {Kind: Bundle, Target: "a"}}
	slices.SortFunc(findings, inOrder)
	if findings[0].Target != "a" || findings[0].Kind != Bundle || findings[3].Kind != Foreign {
		t.Errorf("sorted: %+v", findings)
	}
}

// Nor are those in another registry's store, be it in a tree or around it; a copy there is ended and its objects stay.
func TestForeignStore(t *testing.T) {
	onEach(t, func(w *world) {
		source := w.image(w.bundle("web"), "web")
		w.bundle("west/other")
		w.put("west/half/image.part.00", nil)
		w.bundle("west-b/lone")
		m := w.copyInto(source, "west/copies", "copy")
		w.put("west/copies/"+m.ID+"/image.part.00", nil)
		w.Foreign = []store.Location{w.in("west"), w.in("west/deep"), w.in("../elsewhere")}
		w.wants("bundle west-b/lone/image.manifest.xml delete", "copy "+m.ID+" abort", "registry west keep", "registry west/deep keep")
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		w.has(append(append(whole("web"), whole("west/other")...), "west/half/image.part.00", "west/copies/"+m.ID+"/image.part.00")...)
		w.Trees = []*store.Tree{w.tree(w.in("west/other"))}
		w.wants("registry west keep")
		w.Foreign, w.Trees = []store.Location{w.root}, []*store.Tree{w.tree(w.root)}
		w.wants("registry " + strings.TrimSuffix(w.root.String(), "/") + " keep")
	})
}
