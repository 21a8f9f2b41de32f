// Ami-copy copies an image to another region, for another account, or both.
package main

import (
	"context"

	"amiforge/internal/cli"
	"amiforge/internal/imagecopy"
	"amiforge/internal/registry"
)

const usage = `Usage:
  ami-copy ID --to-region REGION -n NAME [OPTION]…

Copies an image to another region, for another account, or both: its bundle, part by
part and checked, to STORE/NEW-ID/ in the store of the region, and what describes the
machine to the registry of the region. Prints the new ID when the image is available.
Launch permissions and bucket permissions are not copied. After an interruption, the
same command goes on with the same ID and sends only what is missing; another one with
that name is refused. An image on EC2 (ec2://REGION) is copied by EC2, and the same
command waits for the same copy for as long as EC2 remembers it, a day or so.

      --to-region REGION    where to (default: the image's own region)
      --to LOCATION         s3://bucket/prefix or a directory, instead of the region's store;
                            needed for a region of AWS without an entry in the regions file
  -n, --name NAME           name of the copy, 3 to 128 characters
  -d, --description TEXT    description of the copy
      --copy-tags           copy the tags, too, if they are the caller's own
      --as ACCOUNT          the owner of the copy (default: --account, else the owner of ID)
      --encrypted           encrypt the copy's volumes; an image without any is refused
      --no-encrypted        leave them as plain as they are; encrypted ones stay encrypted
      --acl ACL             canned ACL for every object, such as aws-exec-read
      --no-sync             do not wait for the disk (directories)
      --dry-run             check everything, change nothing

The keys that opened the bundle open the copy. To hand it over to another owner, or to
change its kernel, a new manifest is signed; the parts stay as they are:
  -k, --privatekey KEY      opens the bundle: its owner's key, or the service's (default:
                            EC2_PRIVATE_KEY)
  -c, --cert CERT           certificate of the new owner
      --ec2cert CERT        certificate of a service that may open the bundle too (default:
                            the one that could; if none, only the new owner)
      --kernel ID           kernel to boot with
      --ramdisk ID          ramdisk to boot with
      --sign-key KEY        signs the manifest (default: -k)
      --source-cert CERT    certificate of who signed the old manifest (default: that of -k)
      --allow-unsigned      accept an old manifest without signature

` + cli.RegistryUsage + `
ID is looked up in the registry that is --registry, that of its region (--region) in the
regions file, or AMI_REGISTRY; the copy goes to the registry of its region, else there.

Examples:
  ami-copy ami-0123456789abcdef0 --to-region west -n web-1 --regions regions.json
  ami-copy ami-0123456789abcdef0 --to-region eu-west-1 --to s3://bucket-eu -n web-1
  ami-copy ami-0123456789abcdef0 --to-region west -n web-1 --as 210987654321 \
    -k keys/pk.pem --cert their-cert.pem
`

func main() { cli.Main(usage, run) }

func run(ctx context.Context, e *cli.Env) error {
	o, err := parse(e)
	if err != nil {
		return err
	}
	from, err := o.find(ctx, e)
	if err != nil {
		return err
	}
	switch region, err := o.remote(e, from); {
	case err != nil:
		return err
	case region != "":
		return e.DryRunPassed(o.copyRemotely(ctx, e, from, region))
	}
	to, err := o.destination(ctx, e, from.image.Region)
	if err != nil {
		return err
	}
	defer to.engine.Close()
	return e.DryRunPassed(o.copy(ctx, e, from, to))
}

// copy makes the copy out of what it is made from and where it goes.
func (o *options) copy(ctx context.Context, e *cli.Env, from *source, to *destination) error {
	image, err := registry.CopyOf(from.image, registry.CopyRequest{
		Name: o.name, Description: o.description, Owner: o.owner, Region: to.region.Name, By: from.caller,
		CopyTags: o.copyTags, Encrypted: o.encryption(), Virtualization: to.region.Virtualization,
		KernelID: o.kernel, RamdiskID: o.ramdisk,
	})
	if err != nil {
		return err
	}
	noteSnapshots(e, from.image, image)
	if err := o.openBundle(ctx, e, from); err != nil {
		return err
	}
	h, err := o.handOver(e, from, image)
	if err != nil {
		return err
	}
	c := &imagecopy.Copy{
		Source: from.image, Bundle: from.bundle, Handover: h, Image: image, Engine: to.engine, Place: to.place,
	}
	if e.DryRun {
		return c.Rehearse(ctx)
	}
	return perform(ctx, e, c, to)
}

// noteSnapshots says which snapshots the copy names that are in another region: there they mean nothing.
func noteSnapshots(e *cli.Env, from, image registry.Image) {
	if image.Region == from.Region {
		return
	}
	for _, d := range image.BlockDevices {
		if d.EBS != nil && d.EBS.SnapshotID != "" {
			e.Notef("the volume %s of the copy is made of snapshot %s, which stays in region %s: only the bundle is copied",
				d.DeviceName, d.EBS.SnapshotID, from.Region)
		}
	}
}

func perform(ctx context.Context, e *cli.Env, c *imagecopy.Copy, to *destination) error {
	var progress *cli.Progress
	c.Begin = func(total int64) { progress = e.Progress("copy", total) }
	c.Progress = func(n int64) { progress.Add(n) }
	done, err := c.Run(ctx)
	if progress != nil {
		progress.Done()
	}
	if err != nil {
		return err
	}
	e.Verbosef("%d parts sent, %d were there", done.Sent, done.Kept)
	e.Notef("copied to %s, registered in %s, region %s", done.Image.Location, to.registry, done.Image.Region)
	return e.Result(done.Image.ID, map[string]any{
		"ImageId": done.Image.ID, "ImageLocation": done.Image.Location, "Registry": to.registry,
		"Sent": done.Sent, "Kept": done.Kept,
	})
}
