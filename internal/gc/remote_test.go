package gc

import (
	"context"
	"strings"
	"testing"
	"time"

	"amiforge/internal/registry"
)

// A remote is a registry that shows an account its own images only, as EC2 does.
type remote struct {
	registry.Engine
	account string
}

func (r *remote) Describe(ctx context.Context, q registry.Query) (*registry.Listing, error) {
	if len(q.IDs) == 0 && q.Location == "" {
		q.Owner = r.account
	}
	return r.Engine.Describe(ctx, q)
}

func (r *remote) CopyImage(context.Context, registry.RemoteCopy) (registry.Image, error) {
	panic("nothing is copied")
}

// Another account has its bundles in the same store, and images that are not seen.
func TestRemote(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.bundle("lone")
		doc := w.document("image", "image.part.00")
		w.put("theirs/image.manifest.xml", []byte(strings.Replace(string(doc), account, other, 1)))
		w.put("theirs/image.part.00", nil)
		gone := w.image(registry.Image{Location: w.at("gone/image.manifest.xml")}, "gone")
		w.put(gone.ID+"/image.part.00", nil)
		w.deregister(gone)
		w.put("half/image.part.00", nil)
		w.Engine = &remote{w.Engine, account}
		if plan, err := w.Find(w.Context()); err == nil {
			w.Errorf("without an account: %+v", plan.Findings)
		}
		w.By.Account = account
		w.wants("bundle lone/image.manifest.xml delete",
			"half-upload "+gone.ID+"/image.part.* keep", "half-upload half/image.part.* keep")
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		w.has(append(whole("web"), "theirs/image.manifest.xml", "theirs/image.part.00", gone.ID+"/image.part.00", "half/image.part.00")...)
	})
}

// The parts in the folder of a dead copy stay too: EC2 copies no bundles.
func TestRemoteKeepsPartsOfCopy(t *testing.T) {
	onEach(t, func(w *world) {
		source := w.image(w.bundle("web"), "web")
		m := w.copyInto(source, "", "copy")
		w.put(m.ID+"/image.part.00", nil)
		if err := w.Engine.AbortCopy(w.Context(), m.ID, errIdle); err != nil {
			w.Fatal(err)
		}
		w.Engine, w.By.Account = &remote{w.Engine, account}, account
		w.wants("half-upload " + m.ID + "/image.part.* keep")
	})
}

// The credentials are those of one account, and --account names another.
func TestRemoteShowsAnother(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.Engine, w.By.Account, w.MinAge = &remote{w.Engine, account}, other, time.Hour
		if plan, err := w.Find(w.Context()); err == nil || !strings.Contains(err.Error(), "shows the images of account "+account) {
			w.Errorf("%+v, %v", plan, err)
		}
	})
}
