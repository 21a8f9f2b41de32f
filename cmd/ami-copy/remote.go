package main

import (
	"cmp"
	"context"

	"amiforge/internal/cli"
	"amiforge/internal/registry"
)

// remote returns the region of EC2 that the copy of an image on EC2 goes to, "" if it goes elsewhere: EC2 makes that
// copy itself.
func (o *options) remote(e *cli.Env, from *source) (string, error) {
	if _, ec2 := registry.EC2Region(from.registry); !ec2 {
		return "", nil
	}
	region, err := e.FindRegion(cmp.Or(o.toRegion, from.image.Region))
	if err != nil {
		return "", err
	}
	if name, ec2 := registry.EC2Region(region.Registry); ec2 {
		return name, nil
	}
	if region.Registry != "" || region.Store.String() != "" || o.to != "" {
		return "", nil
	}
	return region.Name, nil
}

// copyRemotely has EC2 make the copy.
func (o *options) copyRemotely(ctx context.Context, e *cli.Env, from *source, region string) error {
	if o.rewrites() || o.owner != "" {
		return cli.Usagef("EC2 copies images itself: bundles are not handed over there, nor kernels changed " +
			"(--to LOCATION copies to a registry of yours)")
	}
	location := "ec2://" + region
	engine, err := registry.Open(ctx, location, e.StoreConfig(), &registry.Options{DryRun: e.DryRun})
	if err != nil {
		return err
	}
	defer engine.Close()
	copied, err := engine.(registry.RemoteCopier).CopyImage(ctx, registry.RemoteCopy{
		SourceImageID: from.image.ID, SourceRegion: from.image.Region, Name: o.name, Description: o.description,
		CopyTags: o.copyTags, Encrypted: o.encryption(),
	})
	if err != nil {
		return err
	}
	e.Notef("copied by EC2 to region %s", region)
	return e.Result(copied.ID, map[string]any{"ImageId": copied.ID, "ImageLocation": copied.Location, "Registry": location})
}
