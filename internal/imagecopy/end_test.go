package imagecopy

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/bundle"
	"amiforge/internal/registry"
)

// A meddler is an engine where something else happens right before a copy is finished.
type meddler struct {
	registry.Engine
	before func(id string)
}

func (m *meddler) FinishCopy(ctx context.Context, id, digest string) (registry.Image, error) {
	if before := m.before; before != nil {
		m.before = nil
		before(id)
	}
	return m.Engine.FinishCopy(ctx, id, digest)
}

// flip changes a bit of an object.
func (w *world) flip(st bundle.Store, name string) {
	w.Helper()
	doc, err := bundle.ReadManifest(w.Context(), st, name)
	if err != nil {
		w.Fatal(err)
	}
	doc[len(doc)/2] ^= 1
	w.put(st, name, doc)
}

func (w *world) put(st bundle.Store, name string, p []byte) {
	w.Helper()
	if err := st.Put(w.Context(), name, bytes.NewReader(p), int64(len(p)), sha1.Sum(p)); err != nil {
		w.Fatal(err)
	}
}

// A damaged source ends the copy for good, and what was sent is gone.
func TestRunDamaged(t *testing.T) {
	w := newWorld(t)
	w.flip(w.open(w.from), "image.part.02")
	begun, err := w.copy().Run(t.Context())
	if !errors.Is(err, bundle.ErrVerify) || !strings.HasSuffix(err.Error(), "\n"+begun.Image.ID+" has failed") {
		t.Errorf("%v", err)
	}
	image := w.image(begun.Image.ID)
	if image.State != registry.Failed || !strings.Contains(image.StateReason.Message, "image.part.02") {
		t.Errorf("the image is %s: %+v", image.State, image.StateReason)
	}
	w.wantNothing(image.ID)
	again, err := w.copy().Run(t.Context())
	if !errors.Is(err, bundle.ErrVerify) || again.Image.ID == image.ID {
		t.Errorf("again, of %s: %v", again.Image.ID, err)
	}
}

// A source that is gone may come back: a disk is mounted again, a server that lags behind catches up.
func TestRunSourceVanishes(t *testing.T) {
	w := newWorld(t)
	part := filepath.Join(w.from.Dir, "image.part.02")
	move := func(from, to string) {
		if err := os.Rename(from, to); err != nil {
			t.Error(err)
		}
	}
	c := w.copy()
	c.Begin = func(int64) { move(part, part+".away") }
	begun, err := c.Run(t.Context())
	id := begun.Image.ID
	want := fmt.Sprintf("\n%s is pending, parts that are there: %d; once nothing is missing, the same command goes on with it; "+
		"ami-deregister ends it", id, begun.Sent)
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("%v, want%s", err, want)
	}
	if image := w.image(id); image.State != registry.Pending {
		t.Errorf("the image is %s", image.State)
	}
	move(part+".away", part)
	done, err := w.copy().Run(t.Context())
	if err != nil || done.Image.ID != id || done.Kept != begun.Sent {
		t.Errorf("again: %s, %v", done.Image.ID, err)
	}
	w.wantWhole(id, owner, "user2048")
}

// A copy that another process has finished keeps its bundle, whatever has become of the source since.
func TestRunDamagedAfterwards(t *testing.T) {
	w := newWorld(t)
	c := w.copy()
	var id string
	c.Begin = func(int64) {
		id = w.copies()[0].ID
		for _, p := range c.Bundle.Manifest.Image.Parts {
			part, err := bundle.ReadManifest(t.Context(), w.open(w.from), p.Name) // any object
			if err != nil {
				t.Fatal(err)
			}
			w.put(w.place(id), p.Name, part)
		}
		if _, err := w.engine.FinishCopy(t.Context(), id, "00"); err != nil {
			t.Error(err)
		}
		w.put(w.open(w.from), "image.part.01", []byte("another one"))
	}
	_, err := c.Run(t.Context())
	if !errors.Is(err, bundle.ErrDamaged) || !strings.Contains(err.Error(), "\n"+id+" could not be ended: InvalidAMIID.Unavailable: ") {
		t.Errorf("%v", err)
	}
	if image := w.image(id); image.State != registry.Available {
		t.Errorf("the image is %s", image.State)
	}
	if err := bundle.CheckParts(t.Context(), w.place(id), c.Bundle.Manifest); err != nil {
		t.Errorf("its bundle is gone: %v", err)
	}
}

// The manifest on record is the one in the store, whichever process put it there last.
func TestRunSettles(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		t.Run(when, func(t *testing.T) {
			w := newWorld(t)
			c, other := w.handOver(w.copy()), w.handOver(w.copy())
			replace := func(id string) { w.put(w.place(id), manifestName, other.Handover.Document) }
			m := &meddler{Engine: w.engine, before: replace}
			if when == "before" {
				c.Begin = func(int64) { replace(w.copies()[0].ID) }
				m.before = nil
			}
			c.Engine = m
			done, err := c.Run(t.Context())
			if err != nil || done.Image.ManifestDigest != registry.DigestManifest(other.Handover.Document) {
				t.Errorf("%s: %v", done.Image.ManifestDigest, err)
			}
			w.wantWhole(done.Image.ID, heir, "user4096")
		})
	}
}

// What becomes of a bundle whose image ends, or goes on, while it is copied.
func TestRunEndedMeanwhile(t *testing.T) {
	tests := []struct {
		name  string
		edit  func(w *world, id string) error
		state registry.State
		stays bool
	}{
		{"deregistered", func(w *world, id string) error {
			_, err := w.engine.Deregister(w.Context(), id, registry.Caller{})
			return err
		}, registry.Deregistered, false},
		{"aborted", func(w *world, id string) error {
			return w.engine.AbortCopy(w.Context(), id, errors.New("enough"))
		}, registry.Failed, false},
		{"finished and disabled", func(w *world, id string) error {
			_, err := w.engine.FinishCopy(w.Context(), id, "00")
			_, disabled := w.engine.Modify(w.Context(), id, registry.Caller{}, registry.Disable())
			return errors.Join(err, disabled)
		}, registry.Disabled, true},
		{"finished and deregistered", func(w *world, id string) error {
			_, err := w.engine.FinishCopy(w.Context(), id, "00")
			_, ended := w.engine.Deregister(w.Context(), id, registry.Caller{})
			return errors.Join(err, ended)
		}, registry.Deregistered, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			c := w.copy()
			c.Engine = &meddler{Engine: w.engine, before: func(id string) {
				if err := tt.edit(w, id); err != nil {
					t.Error(err)
				}
			}}
			begun, err := c.Run(t.Context())
			id := begun.Image.ID
			if !registry.HasCode(err, registry.IDUnavailable) || !strings.HasSuffix(err.Error(), "\n"+id+" is "+string(tt.state)) {
				t.Errorf("%v", err)
			}
			if !tt.stays {
				w.wantNothing(id)
			} else if err := bundle.CheckParts(t.Context(), w.place(id), c.Bundle.Manifest); err != nil {
				t.Errorf("its bundle is gone: %v", err)
			}
		})
	}
}
