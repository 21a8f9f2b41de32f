package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"amiforge/bundle"
	"amiforge/internal/cli"
	"amiforge/internal/gc"
	"amiforge/internal/registry"
	"amiforge/internal/store"
	"amiforge/manifest"
)

// deregisterWithBundle ends an image, and then deletes its bundle, if nobody else needs that and it is the one that was
// registered. What is wrong is said before the image has ended, but not to those who may not end it. An interrupted run
// is gone on with.
func deregisterWithBundle(ctx context.Context, e *cli.Env, engine registry.Engine, at, id string, by registry.Caller) error {
	listing, err := engine.Describe(ctx, registry.Query{IDs: []string{id}, IncludeDeregistered: true})
	if err != nil {
		return err
	}
	image := listing.Images[0]
	if err := by.MayChange(image); err != nil {
		return err
	}
	b := &imageBundle{env: e, image: image}
	if b.others, err = newCollector(e, engine, at, image); err != nil {
		return err
	}
	if err := b.check(ctx); err != nil {
		return err
	}
	_, err = engine.Deregister(ctx, id, by)
	if registry.HasCode(err, registry.IDUnavailable) { // an earlier run was interrupted
		err = nil
		if e.DryRun {
			err = registry.ErrDryRun
		}
	}
	if err != nil {
		return err
	}
	deleted, err := b.remove(ctx)
	if err != nil {
		return fmt.Errorf("%w\n%s is deregistered; the same command again goes on with its bundle", err, id)
	}
	return ended(e, image, deleted)
}

// newCollector returns what tells who needs the bundle of an image whose registry is at a location.
func newCollector(e *cli.Env, engine registry.Engine, at string, image registry.Image) (*gc.Collector, error) {
	region, err := e.FindImageRegion()
	if err != nil {
		return nil, err
	}
	var roots []store.Location
	if loc, _, err := store.SplitObject(image.Location); err == nil {
		roots = append(roots, loc)
	}
	foreign, err := e.ForeignStores(region, at, roots...)
	return &gc.Collector{Engine: engine, Foreign: foreign, Config: e.StoreConfigOf}, err
}

// An imageBundle is the bundle of an image that is to end with it.
type imageBundle struct {
	env    *cli.Env
	image  registry.Image
	others *gc.Collector
}

// check refuses to delete the bundle if others need it, or if it is not the one that was registered.
func (b *imageBundle) check(ctx context.Context) error {
	if err := b.others.CheckAlone(ctx, b.image); err != nil {
		if b.image.State != registry.Deregistered {
			err = fmt.Errorf("%w\n%s is not deregistered: leave out --delete-bundle to end the image alone", err, b.image.ID)
		}
		return err
	}
	object, err := cli.OpenImageBundle(ctx, b.env, b.image)
	if err != nil {
		return err
	}
	_, err = b.read(ctx, object)
	switch {
	case !errors.Is(err, fs.ErrNotExist) || errors.Is(err, store.ErrBucket):
		return err
	case b.image.Copying(): // its manifest comes last
		return nil
	case b.image.State == registry.Deregistered:
		return fmt.Errorf("%s is deregistered, and its bundle is gone: %w", b.image.ID, err)
	}
	return err
}

// read returns the manifest, if it is the one that was registered.
func (b *imageBundle) read(ctx context.Context, object cli.Object) ([]byte, error) {
	doc, err := bundle.ReadManifest(ctx, object.Store, object.Name)
	if err != nil {
		return nil, err
	}
	if digest := b.image.ManifestDigest; digest != "" && registry.DigestManifest(doc) != digest { // EC2 keeps none
		return nil, fmt.Errorf("%s is another manifest than the one that was registered: it stays (ami-delete-bundle deletes it)", object)
	}
	return doc, nil
}

// remove deletes the bundle, locked where the store has locks, if it passes once more what check looks at: an image may
// have been registered meanwhile. A copy that has ended may have had no manifest yet; then there is no bundle.
func (b *imageBundle) remove(ctx context.Context) (deleted bool, err error) {
	object, err := cli.OpenImageBundle(ctx, b.env, b.image)
	if err != nil {
		return false, err
	}
	doc, err := b.read(ctx, object)
	if b.image.Copying() && errors.Is(err, fs.ErrNotExist) {
		b.env.Notef("%s had not come yet: what parts there are stay for --gc", object)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	m, err := manifest.Parse(doc)
	if err != nil {
		return false, fmt.Errorf("%s: %w", object, err)
	}
	unlock, err := bundle.Lock(object.Store, m.Image.Name)
	if err != nil {
		return false, err
	}
	defer unlock()
	if err := b.others.CheckAlone(ctx, b.image); err != nil {
		return false, err
	}
	if doc, err = b.read(ctx, object); err != nil {
		return false, err
	}
	return true, bundle.RemoveDocument(ctx, object.Store, object.Name, doc)
}
