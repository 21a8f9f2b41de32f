// Ami-deregister ends the life of an image.
package main

import (
	"context"

	"amiforge/internal/cli"
	"amiforge/internal/registry"
	"amiforge/internal/store"
)

const usage = `Usage:
  ami-deregister ID [OPTION]…
  ami-deregister --gc [LOCATION]… [OPTION]…

Ends an image: it cannot be launched any more and its name is free. Its bundle stays,
unless --delete-bundle says otherwise.

      --delete-bundle       delete the objects that the image's manifest names, too, the
                            manifest last, but for parts that another manifest beside
                            it names; refused while other images, also those being
                            registered, use the manifest or have the same one and are
                            not seen to have it elsewhere, and in a store that is
                            another registry's in the regions file
      --dry-run             check everything, change nothing
` + cli.RegistryUsage + `
With --gc it finds what nobody needs: bundles without an image, half uploads, images
without a bundle, copies that nobody goes on with and registrations that were killed. It
prints what it finds and changes nothing without --yes. Each LOCATION, s3://bucket/prefix
or a directory, is looked through with all that lies below it, and only images with
bundles there are looked at; without one, the region's store in the regions file, else
where the registry is. With --account only what is that account's.

      --gc                  find garbage
  -y, --yes                 remove it; each is looked at once more before
      --min-age AGE         leave alone what came later: 90m, 24h, 7d (default: 24h)
      --keep-tag KEY[=VALUE]
                            leave alone images with that tag, and their bundles; may be
                            repeated

A bundle older than --min-age that no image in this registry has is garbage. Stores that
several registries share are safe only as far as the regions file or .registry/ folders
show it; what lies there is kept. EC2 takes --account, and hides what others need.

A half upload is known by its names alone: NAME.part.N without NAME.manifest.xml. It is
deleted only if the sizes are as those of parts: multiples of 16, all but the last equal.
A registration that was killed keeps its bundle until a later run.

A bundle goes by what its manifest names, the manifest last, other objects stay. While
an image's record cannot be read, nothing is deleted from a store; that, and a folder
that cannot be read, is exit status 1 of a plan too. No lock spans registry and store:
who registers a bundle that is older than --min-age while --gc --yes runs may see it go.

The registry is --registry or AMI_REGISTRY.

Examples:
  ami-deregister ami-0123456789abcdef0 --registry s3://bucket
  ami-deregister ami-0123456789abcdef0 --delete-bundle
  ami-deregister --gc s3://bucket --min-age 7d --keep-tag golden
  ami-deregister --gc --registry store --yes
`

func main() { cli.Main(usage, run) }

func run(ctx context.Context, e *cli.Env) error {
	var deleteBundle bool
	var garbage gcOptions
	e.AddRegistryFlags(true)
	e.Flags().BoolVar(&deleteBundle, "delete-bundle", false, "")
	garbage.addFlags(e.Flags())
	args, err := e.Parse()
	if err == nil {
		err = garbage.check(e.Flags(), args, deleteBundle)
	}
	if err != nil {
		return err
	}
	by, err := e.Caller()
	if err != nil {
		return err
	}
	if garbage.on {
		return garbage.collect(ctx, e, by, args)
	}
	if len(args) != 1 {
		return cli.Usagef("which image? give one ID")
	}
	engine, at, err := e.OpenRegistry(ctx, store.Location{})
	if err != nil {
		return err
	}
	defer engine.Close()
	if deleteBundle {
		return e.DryRunPassed(deregisterWithBundle(ctx, e, engine, at, args[0], by))
	}
	image, err := engine.Deregister(ctx, args[0], by)
	if err != nil {
		return e.DryRunPassed(err)
	}
	return ended(e, image, false)
}

func ended(e *cli.Env, image registry.Image, bundleDeleted bool) error {
	e.Notef("%s (%s) is deregistered", image.ID, image.Name)
	return e.Result("", map[string]any{"ImageId": image.ID, "Deregistered": true, "BundleDeleted": bundleDeleted})
}
