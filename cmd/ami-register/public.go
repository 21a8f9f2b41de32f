package main

import (
	"cmp"
	"context"
	"fmt"

	"amiforge/internal/cli"
	"amiforge/internal/regions"
	"amiforge/internal/registry"
)

// audit lets an image that is to become public through the gate. What will keep it from that after it is registered is
// found out first: an audit may take minutes.
func (o *options) audit(ctx context.Context, e *cli.Env, engine registry.Engine, at string, region regions.Region, object cli.Object, image registry.Image) error {
	err := e.Rehearse(ctx, region, object.Location, func(dry registry.Engine) error {
		_, err := dry.Register(ctx, image)
		return err
	})
	if err != nil {
		return err
	}
	blocked, err := engine.BlockPublicAccess(ctx, image.Region, image.Owner)
	if err != nil {
		return err
	}
	if blocked {
		return fmt.Errorf("not registered: block public access is on for %s in region %s\nthis lifts the block: %s",
			image.Owner, image.Region, unblocking(e, at, image))
	}
	image.VirtualizationType = cmp.Or(image.VirtualizationType, "paravirtual") // as the registry does
	return o.gate.Pass(ctx, e, object, image)
}

// unblocking returns the command that lets images of the owner be public in the registry at a location. It names that if
// the environment does not.
func unblocking(e *cli.Env, at string, image registry.Image) string {
	command := fmt.Sprintf("ami-modify --block-public-access off --account %s --region %s", image.Owner, image.Region)
	if e.Flags().Changed("registry") || e.RegistryLocation() == "" {
		command += " --registry " + at
	}
	return command
}

// share makes an image public that was registered just now.
func share(ctx context.Context, e *cli.Env, engine registry.Engine, image registry.Image) error {
	id := image.ID
	by, err := e.Caller()
	if err == nil {
		image, err = engine.Modify(ctx, image.ID, by, registry.Share(registry.LaunchPermission{Group: "all"}))
	}
	if err != nil {
		return &halfDone{id, err}
	}
	e.Notef("everybody may launch it; as a public image it is deprecated on %s", image.DeprecationTime)
	return nil
}

// halfDone is an image that was registered, and is not public.
type halfDone struct {
	id  string
	err error
}

func (h *halfDone) Error() string {
	return fmt.Sprintf("registered as %s, which is not public: %v", h.id, h.err)
}

func (h *halfDone) Unwrap() error { return h.err }

// Detail adds the ID of the image to what --json shows.
func (h *halfDone) Detail(o cli.ErrorObject) any {
	o.ImageIDs = []string{h.id}
	return o
}
