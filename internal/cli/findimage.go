package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"amiforge/bundle"
	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// FindImage returns the image with an ID from the registry, if who speaks may see it. One that was not registered to
// its end has no bundle to speak of, and is refused, and so is one that was deregistered. Its errors name the
// registry, since the image may be in another.
func FindImage(ctx context.Context, e *Env, id string) (registry.Image, error) {
	engine, loc, err := e.OpenRegistry(ctx, store.Location{})
	if err != nil {
		return registry.Image{}, err
	}
	defer engine.Close()
	by, err := e.Caller()
	if err != nil {
		return registry.Image{}, err
	}
	listing, err := engine.Describe(ctx, registry.Query{As: by, Region: by.Region, IDs: []string{id}, IncludeDeregistered: true})
	if errors.Is(err, fs.ErrNotExist) {
		return registry.Image{}, fmt.Errorf("%w in registry %s", err, loc)
	}
	if err != nil {
		return registry.Image{}, err
	}
	image := listing.Images[0]
	switch image.State {
	case registry.Pending, registry.Failed:
		return image, fmt.Errorf("image %s is %s", id, image.State)
	case registry.Deregistered:
		message := fmt.Sprintf("image %s is deregistered in registry %s", id, loc)
		return image, &registry.Error{Code: registry.IDNotFound, Message: message, IDs: []string{id}}
	}
	return image, nil
}

// OpenImageBundle opens the store that an image's bundle is in, as the regions file says it is reached.
func OpenImageBundle(ctx context.Context, e *Env, image registry.Image) (Object, error) {
	cfg, err := e.StoreConfigOf(image)
	if err != nil {
		return Object{}, err
	}
	return OpenObject(ctx, image.Location, cfg)
}

// CheckRegistered tells whether b, whose manifest is object, is the bundle that was registered as the image.
func CheckRegistered(image registry.Image, object Object, b *bundle.Bundle) error {
	if image.ManifestDigest == "" || registry.DigestManifest(b.Document) == image.ManifestDigest {
		return nil
	}
	return fmt.Errorf("%s: %w: it is another manifest than the one that was registered as %s", object, bundle.ErrVerify, image.ID)
}
