// Ami-register registers a bundle as an image.
package main

import (
	"context"

	"amiforge/internal/auditing"
	"amiforge/internal/cli"
	"amiforge/internal/registry"
	"amiforge/internal/store"
)

const usage = `Usage:
  ami-register MANIFEST -n NAME [OPTION]…
  ami-register --probe

Registers the bundle whose manifest is at MANIFEST (s3://bucket/prefix/image.manifest.xml
or a file) as an image and prints the new image's ID. The manifest must be sound and
every part there. What is not given is taken from the manifest.

  -n, --name NAME               3 to 128 characters, unique for its owner and region
  -d, --description TEXT        up to 255 characters
      --tag KEY=VALUE           may be repeated
  -a, --architecture ARCH       i386, x86_64, arm64, …
      --kernel ID               kernel to boot with
      --ramdisk ID              ramdisk to boot with
      --virtualization-type T   hvm or paravirtual (default: paravirtual, EC2's)
      --root-device-name DEV    such as /dev/sda1
  -B, --block-device-mapping DEVICE=WHAT[,…]
                                replaces the manifest's; WHAT is ephemeral0, … or
                                [SNAPSHOT]:[GIB]:[DELETE]:[TYPE]:[encrypted], such as
                                /dev/sdb=ephemeral0 or /dev/sdc=:80:false:gp3:encrypted
      --platform windows        what runs in it is Windows
      --boot-mode MODE          legacy-bios, uefi or uefi-preferred
      --ena-support             it has the driver for enhanced networking (ENA)
      --sriov-net-support simple  or the one for its older kind
  -c, --cert CERT               check the manifest's signature: that of this certificate
      --verify                  read every part and check its SHA-1
      --dry-run                 check everything, register nothing
      --public                  share it with everybody; before anything is registered it
                                is audited as by ami-audit, and errors end the command:
  -k, --privatekey KEY          private key that opens the bundle (default:
                                EC2_PRIVATE_KEY)
` + auditing.GateUsage + `      --probe                   check again that the store of the registry honours
                                conditional writes, as the first command that writes does
` + cli.RegistryUsage + `
The account that speaks is the image's owner; with none, the manifest's user is. The
registry is --registry, that of the region, AMI_REGISTRY, or the root of the bucket that
the bundle is in. The region is --region, AMI_REGION, that of the regions file which has
the bundle in its store, AWS_REGION or AWS_DEFAULT_REGION, else "local".

Examples:
  ami-register s3://bucket/web/image.manifest.xml -n web-1 --description "web"
  ami-register store/web/image.manifest.xml -n web-1 --registry store
  ami-register s3://bucket/web/image.manifest.xml -n web-2 --public -k keys/pk.pem
`

func main() { cli.Main(usage, run) }

func run(ctx context.Context, e *cli.Env) error {
	o, err := parse(e)
	if err != nil {
		return err
	}
	if o.location == "" {
		return probe(ctx, e)
	}
	object, region, err := e.OpenBundleObject(ctx, o.location)
	if err != nil {
		return err
	}
	engine, loc, err := e.OpenRegistryOf(ctx, region, object.Location)
	if err != nil {
		return err
	}
	defer engine.Close()
	if o.probe {
		if err := probeEngine(ctx, e, engine, loc); err != nil {
			return err
		}
	}
	image, err := o.image(ctx, e, object)
	if err != nil {
		return err
	}
	image.Region = region.Name
	if o.public {
		if err := o.audit(ctx, e, engine, loc, region, object, image); err != nil {
			return err
		}
	}
	image, err = engine.Register(ctx, image)
	if err != nil {
		return e.DryRunPassed(err)
	}
	e.Notef("registered in %s, region %s", loc, image.Region)
	if o.public {
		if err := share(ctx, e, engine, image); err != nil {
			return err
		}
	}
	return e.Result(image.ID, map[string]any{"ImageId": image.ID, "Registry": loc})
}

// probe probes the registry's store alone.
func probe(ctx context.Context, e *cli.Env) error {
	engine, loc, err := e.OpenRegistry(ctx, store.Location{})
	if err != nil {
		return err
	}
	defer engine.Close()
	if err := probeEngine(ctx, e, engine, loc); err != nil {
		return err
	}
	return e.Result("", map[string]any{"Registry": loc, "Probed": true})
}

func probeEngine(ctx context.Context, e *cli.Env, engine registry.Engine, loc string) error {
	p, ok := engine.(registry.Prober)
	if !ok || p.Endpoint() == "" {
		e.Notef("%s: needs no probe, only buckets do", loc)
		return nil
	}
	if err := p.Probe(ctx); err != nil {
		return err
	}
	e.Notef("%s: %s honours conditional writes", loc, p.Endpoint())
	return nil
}
