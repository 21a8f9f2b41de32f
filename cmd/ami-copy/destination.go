package main

import (
	"cmp"
	"context"

	"amiforge/internal/cli"
	"amiforge/internal/imagecopy"
	"amiforge/internal/regions"
	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// A destination is where a copy goes.
type destination struct {
	region   regions.Region
	place    *imagecopy.Place
	engine   registry.Engine
	registry string // its location
}

// destination finds and opens where the copy of an image of region home goes.
func (o *options) destination(ctx context.Context, e *cli.Env, home string) (*destination, error) {
	region, err := e.FindRegion(cmp.Or(o.toRegion, home))
	if err != nil {
		return nil, err
	}
	loc, err := o.locate(region)
	if err != nil {
		return nil, cli.Usagef("%w", err)
	}
	cfg := e.StoreConfigIn(region)
	cfg.ACL, cfg.NoSync = o.acl, o.noSync
	d := &destination{region: region}
	if d.place, err = imagecopy.NewPlace(loc, cfg); err != nil {
		return nil, err
	}
	d.engine, d.registry, err = openRegistry(ctx, e, region, loc)
	return d, err
}

// locate returns the store in the region. In one of which nothing is known, it is wherever the user says.
func (o *options) locate(region regions.Region) (store.Location, error) {
	if o.to != "" && region.Virtualization == nil {
		return store.ParseLocation(o.to)
	}
	return region.Place(o.to)
}

// openRegistry opens the registry of the region, in which the bundle is near.
func openRegistry(ctx context.Context, e *cli.Env, region regions.Region, near store.Location) (registry.Engine, string, error) {
	engine, location, err := e.OpenRegistryTo(ctx, region, near)
	if _, ec2 := engine.(registry.RemoteCopier); ec2 && err == nil {
		err = cli.Usagef("%s: EC2 takes copies of its own images only; "+
			"ami-upload carries a bundle to S3, ami-register enters it there", location)
	}
	return engine, location, err
}
