// Package imagecopy makes copies of images: for another region, whose store gets a full copy of the bundle, for
// another account, or both.
//
// A copy is entered as pending in the registry of its destination, its parts and at last its manifest are put into
// the store, and then it becomes available. Whatever ends that in between, the same copy made again goes on with it:
// the registry returns the pending image, and only parts that are missing are sent. Another copy of the
// same image under its name is refused. A bundle that turns out to be damaged ends it for good; then what was sent is
// removed.
package imagecopy

import (
	"context"
	"fmt"
	"strings"

	"amiforge/bundle"
	"amiforge/internal/registry"
)

// An Engine is what a registry does for copies.
type Engine interface {
	// BeginCopy enters a pending image and returns it with its ID, or the pending one that the same copy has
	// entered before. place gives the location of its manifest.
	BeginCopy(ctx context.Context, image registry.Image, place func(id string) string) (registry.Image, error)

	// FinishCopy makes the image available. It may be called again with another digest.
	FinishCopy(ctx context.Context, id, manifestDigest string) (registry.Image, error)

	// AbortCopy makes the pending image a failed one.
	AbortCopy(ctx context.Context, id string, reason error) error

	Describe(ctx context.Context, query registry.Query) (*registry.Listing, error)
}

// A Copy is what is to be copied, and where to.
type Copy struct {
	Source   registry.Image
	Bundle   *bundle.Bundle   // the source's, opened: the one that was registered
	Handover *bundle.Handover // the manifest of the copy; nil: the bundle's own
	Image    registry.Image   // what registry.CopyOf made of the source
	Engine   Engine           // of the destination
	Place    *Place           // of the destination

	Begin    func(total int64) // see bundle.CopyOptions
	Progress func(n int64)
}

// A Result is what has become of a copy.
type Result struct {
	Image registry.Image // available
	bundle.CopyResult
}

// Run makes the copy and returns when it is available. Nothing is begun unless Check passes.
//
// Its errors say what is there then. Where the image stays pending, they say so, and the Result has its ID.
func (c *Copy) Run(ctx context.Context) (Result, error) {
	image, err := c.enter(ctx)
	if err != nil {
		return Result{}, err
	}
	r := &run{Copy: c, image: image}
	err = r.open(ctx)
	if err == nil {
		err = r.send(ctx)
	}
	if err == nil {
		err = r.finish(ctx)
	}
	return Result{r.image, r.done}, r.explain(ctx, err)
}

// enter begins the copy where nothing is seen that would keep it from being made.
func (c *Copy) enter(ctx context.Context) (registry.Image, error) {
	if err := c.Check(ctx); err != nil {
		return registry.Image{}, err
	}
	if err := c.Place.probe(ctx); err != nil {
		return registry.Image{}, err
	}
	return c.begin(ctx)
}

// begin enters the image, or finds the one that the same copy has entered before.
func (c *Copy) begin(ctx context.Context) (registry.Image, error) {
	image, err := c.Engine.BeginCopy(ctx, c.Image, c.Place.Manifest)
	if err == nil {
		err = c.checkEntered(image)
	}
	if err != nil {
		return registry.Image{}, err
	}
	return image, nil
}

// checkEntered refuses to go on with an image that was entered as another one than is asked for now, or elsewhere:
// what was asked for would be lost.
func (c *Copy) checkEntered(image registry.Image) error {
	const advice = "ask for the same again, or end it with ami-deregister"
	if differs := registry.CopyDiffers(c.Image, image); len(differs) > 0 {
		return fmt.Errorf("%s, pending as a copy of the same image, differs in %s: %s",
			image.ID, strings.Join(differs, ", "), advice)
	}
	if place := c.Place.Manifest(image.ID); place != image.Location {
		return fmt.Errorf("%s, pending as the same copy, goes to %s, not to %s: %s", image.ID, image.Location, place, advice)
	}
	return nil
}

// options are those of copying the bundle.
func (c *Copy) options() *bundle.CopyOptions {
	return &bundle.CopyOptions{Handover: c.Handover, Begin: c.Begin, Progress: c.Progress}
}

// A run is a copy on its way.
type run struct {
	*Copy
	image registry.Image
	dst   place
	done  bundle.CopyResult
}

// open opens the store at the location that the image was entered with.
func (r *run) open(ctx context.Context) (err error) {
	r.dst, err = r.Place.open(ctx, r.image.Location)
	return err
}

// send copies the bundle.
func (r *run) send(ctx context.Context) (err error) {
	r.done, err = r.Bundle.Copy(ctx, r.dst.store, r.dst.name, r.options())
	return err
}

// settlings bounds how often a manifest is registered that other runs of the same copy replace. Each does so once.
const settlings = 16

// finish makes the image available with the digest of the manifest that is in the store. That may be another run's,
// and become so after the look: then it is registered again.
func (r *run) finish(ctx context.Context) error {
	digest, err := r.digest(ctx)
	for range settlings {
		if err != nil {
			return err
		}
		image, err := r.Engine.FinishCopy(ctx, r.image.ID, digest)
		if err != nil {
			return err
		}
		r.image = image
		latest, err := r.digest(ctx)
		if err != nil || latest == digest {
			return err
		}
		digest = latest
	}
	return fmt.Errorf("%s: other processes have replaced it %d times", r.image.Location, settlings)
}

// digest returns that of the manifest in the store.
func (r *run) digest(ctx context.Context) (string, error) {
	doc, err := bundle.ReadManifest(ctx, r.dst.store, r.dst.name)
	if err != nil {
		return "", err
	}
	return registry.DigestManifest(doc), nil
}
