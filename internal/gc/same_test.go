package gc

import (
	"os"
	"path/filepath"
	"testing"
)

// Two machines registered one bundle, each as it mounts it. The other's image lives, wherever that machine sees it.
func TestSameBundleMountedElsewhere(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.bundle("web")
		here := w.image(b, "here")
		b.Location = "/mnt/elsewhere" + b.Location
		w.image(b, "there")
		w.deregister(here)
		w.Narrow = true
		w.wantsWhy("bundle web/image.manifest.xml keep", "it is the same as that of ami-")
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		w.has(whole("web")...)
	})
}

// That the file is seen under the other name as well does not make it two.
func TestSameBundleUnderTwoPaths(t *testing.T) {
	onEach(t, func(w *world) {
		if w.root.Bucket != "" {
			return
		}
		link := filepath.Join(w.TempDir(), "link")
		if err := os.Symlink(w.root.Dir, link); err != nil {
			w.Fatal(err)
		}
		b := w.bundle("web")
		here := w.image(b, "here")
		b.Location = filepath.Join(link, "web/image.manifest.xml")
		w.image(b, "there")
		w.deregister(here)
		w.wantsWhy("bundle web/image.manifest.xml keep", "it is the same as that of ami-")
	})
}

// An image that ended had a bundle of its own if the living one has the same elsewhere.
func TestSameBundleSeenElsewhere(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.bundle("web")
		here := w.image(b, "here")
		w.copyBundle("web", "far")
		b.Location = w.at("far/image.manifest.xml")
		w.image(b, "far")
		w.deregister(here)
		w.wants("bundle web/image.manifest.xml delete")
		w.bundle("far") // another manifest than the registered one
		plan := w.plan()
		if f := plan.Findings[0]; f.Kind != Bundle || f.Action != Keep {
			w.Errorf("finding is %+v", f)
		}
	})
}

// What came later to the place of an image that ended was never that image's.
func TestSameBundleInPlaceOfAnother(t *testing.T) {
	onEach(t, func(w *world) {
		w.deregister(w.image(w.bundle("web"), "old"))
		b := w.bundle("web")
		w.copyBundle("web", "far")
		b.Location = w.at("far/image.manifest.xml")
		w.image(b, "far")
		w.wantsWhy("bundle web/image.manifest.xml keep", "it is the same as that of ami-")
	})
}

// A copy's own folder is nobody else's, wherever its source is.
func TestSameBundleIsCopy(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.bundle("web")
		b.Location = "/mnt/elsewhere" + b.Location
		source := w.image(b, "web")
		m := w.copyInto(source, "copies", "copy")
		w.copyBundle("web", "copies/"+m.ID)
		if _, err := w.Engine.FinishCopy(w.Context(), m.ID, b.ManifestDigest); err != nil {
			w.Fatal(err)
		}
		w.deregister(m)
		w.Narrow = true
		w.wants("bundle copies/"+m.ID+"/image.manifest.xml delete", "bundle web/image.manifest.xml keep")
	})
}

// A copy may have been registered again, as another machine mounts it.
func TestSameBundleIsCopyRegisteredAgain(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.bundle("web")
		source := w.image(b, "web")
		m := w.copyInto(source, "copies", "copy")
		w.copyBundle("web", "copies/"+m.ID)
		if _, err := w.Engine.FinishCopy(w.Context(), m.ID, b.ManifestDigest); err != nil {
			w.Fatal(err)
		}
		b.Location = "/mnt/elsewhere/" + m.ID + "/image.manifest.xml"
		w.image(b, "again")
		w.deregister(m)
		w.Narrow = true
		w.wantsWhy("bundle copies/"+m.ID+"/image.manifest.xml keep", "registered at /mnt/elsewhere/")
	})
}

// A bucket may be mounted as a directory.
func TestSameBundleInBucketAndDirectory(t *testing.T) {
	onEach(t, func(w *world) {
		if w.root.Bucket == "" {
			return
		}
		b := w.bundle("web")
		here := w.image(b, "here")
		content, err := readAll(w, "web/image.manifest.xml")
		if err != nil {
			w.Fatal(err)
		}
		b.Location = filepath.Join(w.TempDir(), "image.manifest.xml")
		if err := os.WriteFile(b.Location, content, 0o600); err != nil {
			w.Fatal(err)
		}
		w.image(b, "mounted")
		w.deregister(here)
		w.wantsWhy("bundle web/image.manifest.xml keep", "it is the same as that of ami-")
	})
}

// copyBundle copies what bundle has put into a folder to another one.
func (w *world) copyBundle(from, to string) {
	w.Helper()
	for _, object := range whole("") {
		content, err := readAll(w, from+object)
		if err != nil {
			w.Fatal(err)
		}
		w.put(to+object, content)
	}
}
