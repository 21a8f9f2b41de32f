package gc

import (
	"path/filepath"
	"testing"
	"time"

	"amiforge/internal/registry"
)

func TestCopy(t *testing.T) {
	onEach(t, func(w *world) {
		source := w.image(w.bundle("web"), "web")
		begun := w.copyInto(source, "", "begun")
		half := w.copyInto(source, "copies", "half")
		nearly := w.copyInto(source, "copies", "nearly")
		w.put("copies/"+half.ID+"/image.part.00", []byte("the first part.."))
		w.bundle("copies/" + nearly.ID)
		w.put("copies/"+nearly.ID+"/foreign.txt", nil)
		found := map[string]Finding{}
		for _, f := range w.plan().Findings {
			found[f.Target] = f
		}
		for _, m := range []registry.Image{begun, half, nearly} {
			if f := found[m.ID]; f.Kind != Copy || f.Action != Abort || f.Age < 47*time.Hour {
				w.Errorf("%s: %+v", m.Name, f)
			}
		}
		if f := found[half.ID]; len(found) != 3 || f.Objects != 1 || f.Bytes != 16 {
			w.Errorf("found %+v", found)
		}
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		for _, m := range []registry.Image{begun, half, nearly} {
			if state := w.state(m); state != registry.Failed {
				w.Errorf("%s is %s", m.Name, state)
			}
		}
		w.has(append(whole("web"), "copies/"+nearly.ID+"/foreign.txt")...)
		if w.root.Bucket == "" && !isMissing(filepath.Join(w.root.Dir, "copies", half.ID)) {
			w.Error("the directory of the copy is left")
		}
	})
}

// A copy that somebody works on is none, nor is one that is kept or cannot be looked at.
func TestCopyKept(t *testing.T) {
	onEach(t, func(w *world) {
		source := w.image(w.bundle("web"), "web")
		m := w.copyInto(source, "copies", "copy")
		w.put("copies/"+m.ID+"/image.part.00", nil)
		came, now := w.came("copies/"+m.ID+"/image.part.00"), w.Now
		w.Now = func() time.Time { return came.Add(w.MinAge).Add(-1) }
		w.wants()
		w.Now = now
		w.wants("copy " + m.ID + " abort")
		w.By.Account = other
		w.wants()
		w.By.Account = ""
		if _, err := w.Engine.FinishCopy(w.Context(), m.ID, source.ManifestDigest); err != nil {
			w.Fatal(err)
		}
		w.wants("image " + m.ID + " deregister")
	})
}

// Somebody finishes the copy between plan and action.
func TestCopyFinishes(t *testing.T) {
	onEach(t, func(w *world) {
		source := w.image(w.bundle("web"), "web")
		m := w.copyInto(source, "copies", "copy")
		b := w.bundle("copies/" + m.ID)
		plan := w.wants("copy " + m.ID + " abort")
		if _, err := w.Engine.FinishCopy(w.Context(), m.ID, b.ManifestDigest); err != nil {
			w.Fatal(err)
		}
		if f, err := w.Act(w.Context(), plan[0]); err != nil || f.Action != Keep {
			w.Errorf("%+v, %v", f, err)
		}
		w.has(append(whole("web"), whole("copies/"+m.ID)...)...)
	})
}

// A copy in a folder that is not called by its ID is ended; what is in the folder may be another's.
func TestCopyInSharedFolder(t *testing.T) {
	onEach(t, func(w *world) {
		source := w.image(w.bundle("web"), "web")
		m, err := registry.CopyOf(source, registry.CopyRequest{Name: "copy", Region: "local"})
		if err == nil {
			m, err = w.Engine.BeginCopy(w.Context(), m, func(string) string { return w.at("web/copy.manifest.xml") })
		}
		if err != nil {
			w.Fatal(err)
		}
		w.put("web/copy.part.00", nil)
		if plan := w.wants("copy " + m.ID + " abort"); plan[0].Objects != 0 {
			w.Errorf("finding is %+v", plan[0])
		}
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		w.has(append(whole("web"), "web/copy.part.00")...)
	})
}

// A copy on a disk that is not mounted may be nearly finished.
func TestCopyUnmounted(t *testing.T) {
	onEach(t, func(w *world) {
		if w.root.Bucket != "" {
			return
		}
		source := w.image(w.bundle("web"), "web")
		m := w.copyInto(source, "../../elsewhere", "copy")
		w.wantsWhy("copy "+m.ID+" keep", "maybe a disk is not mounted")
	})
}

// The copy was ended and then the collector was killed: the same again deletes what is in the folder, for the
// owner alone too.
func TestCopyKilled(t *testing.T) {
	onEach(t, func(w *world) {
		source := w.image(w.bundle("web"), "web")
		half, whole2 := w.copyInto(source, "", "half"), w.copyInto(source, "", "whole")
		w.put(half.ID+"/image.part.00", nil)
		doc, err := readAll(w, "web/image.manifest.xml")
		if err != nil {
			w.Fatal(err)
		}
		w.put(whole2.ID+"/image.manifest.xml", doc)
		for _, m := range []registry.Image{half, whole2} {
			if err := w.Engine.AbortCopy(w.Context(), m.ID, errIdle); err != nil {
				w.Fatal(err)
			}
		}
		w.By.Account = account
		w.wants("bundle "+whole2.ID+"/image.manifest.xml delete", "half-upload "+half.ID+"/image.part.* delete")
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		w.has(whole("web")...)
	})
}

// A copy under way is left alone, whatever its folder is called on the machine that makes it.
func TestCopyMountedElsewhere(t *testing.T) {
	onEach(t, func(w *world) {
		source := w.image(w.bundle("web"), "web")
		m, err := registry.CopyOf(source, registry.CopyRequest{Name: "copy", Region: "local"})
		if err == nil {
			m, err = w.Engine.BeginCopy(w.Context(), m, func(id string) string { return "/mnt/elsewhere/" + id + "/image.manifest.xml" })
		}
		if err != nil {
			w.Fatal(err)
		}
		w.put("copies/"+m.ID+"/image.part.00", []byte("half of a part.."))
		w.Narrow = true
		w.wants()
		w.bundle("copies/" + m.ID)
		w.wants()
		if err := w.Engine.AbortCopy(w.Context(), m.ID, errIdle); err != nil {
			w.Fatal(err)
		}
		w.wants("bundle copies/" + m.ID + "/image.manifest.xml delete")
	})
}
