package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"amiforge/bundle"
	"amiforge/internal/cli"
	"amiforge/internal/imagecopy"
	"amiforge/internal/registry"
	"amiforge/internal/store"
	"amiforge/manifest"
)

// A source is what is copied, and who copies it.
type source struct {
	image    registry.Image
	registry string // its location
	caller   registry.Caller
	bundle   *bundle.Bundle
}

// find looks the image up as the caller sees it.
func (o *options) find(ctx context.Context, e *cli.Env) (*source, error) {
	caller, err := e.Caller()
	if err != nil {
		return nil, err
	}
	engine, loc, err := e.OpenRegistry(ctx, store.Location{})
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	listing, err := engine.Describe(ctx, registry.Query{As: caller, Region: caller.Region, IDs: []string{o.id}})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w in registry %s", err, loc)
	}
	if err != nil {
		return nil, err
	}
	return &source{image: listing.Images[0], registry: loc, caller: caller}, nil
}

// openBundle opens the image's bundle, the one that was registered, with the key if there is one. Its errors tell which flag helps.
func (o *options) openBundle(ctx context.Context, e *cli.Env, from *source) error {
	open, err := cli.OpenOptions(o.key, o.sourceCert)
	if err != nil {
		return err
	}
	open.AllowUnsigned = o.allowUnsigned
	object, err := cli.OpenImageBundle(ctx, e, from.image)
	if err == nil {
		from.bundle, err = bundle.Open(ctx, object.Store, object.Name, open)
	}
	if err != nil {
		return imagecopy.Denied(from.image, fmt.Errorf("bundle of %s: %w", from.image.ID, o.hint(err)))
	}
	if err := cli.CheckRegistered(from.image, object, from.bundle); err != nil {
		return err
	}
	if from.bundle.Manifest.Unsigned() {
		e.Warnf("%s is not signed: nobody vouches for its content", object)
	}
	return nil
}

func (o *options) hint(err error) error {
	switch {
	case errors.Is(err, manifest.ErrUnsigned):
		return fmt.Errorf("%w; --allow-unsigned accepts that", err)
	case errors.Is(err, bundle.ErrServiceKey):
		return fmt.Errorf("%w: give it with --source-cert", err)
	case errors.Is(err, manifest.ErrSignature) && o.sourceCert == "":
		return fmt.Errorf("%w; if another one has signed it, give their certificate with --source-cert", err)
	}
	return err
}
