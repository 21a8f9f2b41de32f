package main

import (
	"context"
	"fmt"

	"amiforge/internal/auditing"
	"amiforge/internal/cli"
	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// audit lets an image that is to become public through the gate. What the registry has against the change is found out
// first: an audit may take minutes.
func (o *options) audit(ctx context.Context, e *cli.Env, engine registry.Engine, by registry.Caller) error {
	if !o.public {
		return nil
	}
	if err := o.rehearse(ctx, e, engine, by); err != nil {
		return err
	}
	if o.gate.NoAudit {
		return o.gate.Pass(ctx, e, cli.Object{}, registry.Image{})
	}
	image, err := find(ctx, engine, o.id)
	if err != nil {
		return err
	}
	if err := auditing.HasBundle(image); err != nil {
		return fmt.Errorf("%s: %w", o.id, err)
	}
	object, err := cli.OpenImageBundle(ctx, e, image)
	if err != nil {
		return err
	}
	return o.gate.Pass(ctx, e, object, o.described(image))
}

// rehearse makes the changes in a dry run.
func (o *options) rehearse(ctx context.Context, e *cli.Env, engine registry.Engine, by registry.Caller) error {
	region, err := e.FindImageRegion()
	if err != nil {
		return err
	}
	err = e.Rehearse(ctx, region, store.Location{}, func(dry registry.Engine) error {
		_, err := dry.Modify(ctx, o.id, by, o.changes()...)
		return err
	})
	return withUnblocking(ctx, e, engine, o.id, err)
}

// described returns the image as it is to be: the audit has something to say of its description.
func (o *options) described(image registry.Image) registry.Image {
	if o.given("description") {
		image.Description = o.description
	}
	image.Tags = append(image.Tags, o.labels()...)
	return image
}
