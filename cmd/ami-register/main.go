// Ami-register registers a bundle as an image.
package main

import (
	"context"
	"path/filepath"
	"strings"

	"amiforge/bundle"
	"amiforge/internal/cli"
	"amiforge/internal/registry"
	"amiforge/manifest"
)

const usage = `Usage:
  ami-register MANIFEST -n NAME [OPTION]…

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
  -B, --block-device-mapping DEVICE=VIRTUAL[,…]
                                such as /dev/sdb=ephemeral0; replaces the manifest's
      --account ACCOUNT         the owner (default: AMI_ACCOUNT, else the manifest's user)
  -c, --cert CERT               check the manifest's signature: that of this certificate
      --verify                  read every part and check its SHA-1

The registry is --registry or AMI_REGISTRY, else the root of the bucket that the bundle
is in. The region is --region, AMI_REGION, AWS_REGION or AWS_DEFAULT_REGION, else "local".

Examples:
  ami-register s3://bucket/web/image.manifest.xml -n web-1 --description "web"
  ami-register store/web/image.manifest.xml -n web-1 --registry store
`

func main() { cli.Main(usage, run) }

type options struct {
	location, cert, account                  string
	name, description, arch, kernel, ramdisk string
	virtualization, rootDevice               string
	tags, mappings                           []string
	verify                                   bool
}

func run(ctx context.Context, e *cli.Env) error {
	o, err := parse(e)
	if err != nil {
		return err
	}
	object, err := cli.OpenObject(ctx, o.location, e.StoreConfig())
	if err != nil {
		return err
	}
	engine, loc, err := e.OpenRegistry(ctx, object.Location)
	if err != nil {
		return err
	}
	defer engine.Close()
	image, err := o.image(ctx, e, object)
	if err != nil {
		return err
	}
	image, err = engine.Register(ctx, image)
	if err != nil {
		return err
	}
	e.Notef("registered in %s, region %s", loc, image.Region)
	return e.Result(image.ID, map[string]any{"ImageId": image.ID, "Registry": loc})
}

func parse(e *cli.Env) (*options, error) {
	o := &options{}
	f := e.Flags()
	f.StringVarP(&o.name, "name", "n", "", "")
	f.StringVarP(&o.description, "description", "d", "", "")
	f.StringArrayVar(&o.tags, "tag", nil, "")
	f.StringVarP(&o.arch, "architecture", "a", "", "")
	f.StringVar(&o.kernel, "kernel", "", "")
	f.StringVar(&o.ramdisk, "ramdisk", "", "")
	f.StringVar(&o.virtualization, "virtualization-type", "", "")
	f.StringVar(&o.rootDevice, "root-device-name", "", "")
	f.StringSliceVarP(&o.mappings, "block-device-mapping", "B", nil, "")
	f.StringVar(&o.account, "account", "", "")
	f.StringVarP(&o.cert, "cert", "c", "", "")
	f.BoolVar(&o.verify, "verify", false, "")
	args, err := e.Parse()
	switch {
	case err != nil:
		return nil, err
	case len(args) == 0:
		return nil, cli.Usagef("which bundle? give its manifest: s3://bucket/prefix/image.manifest.xml")
	case len(args) > 1:
		return nil, cli.Usagef("unexpected argument %q", args[1])
	case o.name == "":
		return nil, cli.Usagef("-n NAME is needed")
	}
	o.location = args[0]
	return o, nil
}

// image reads and checks the bundle and returns what is to be registered.
func (o *options) image(ctx context.Context, e *cli.Env, object cli.Object) (registry.Image, error) {
	doc, m, err := o.check(ctx, e, object)
	if err != nil {
		return registry.Image{}, err
	}
	image := registry.FromManifest(m)
	image.ManifestDigest = registry.DigestManifest(doc)
	if image.Location, err = absolute(object); err != nil {
		return image, err
	}
	image.Name, image.Description, image.Region = o.name, o.description, e.ImageRegion()
	err = o.override(e, &image)
	return image, err
}

// check tells whether the manifest is sound and the parts are there.
func (o *options) check(ctx context.Context, e *cli.Env, object cli.Object) ([]byte, *manifest.Manifest, error) {
	open, err := cli.OpenOptions("", o.cert)
	if err != nil {
		return nil, nil, err
	}
	b, err := bundle.Open(ctx, object.Store, object.Name, open)
	if err != nil {
		return nil, nil, err
	}
	if o.verify {
		progress := e.Progress("verify", b.Manifest.Image.BundledSize)
		defer progress.Done()
		err = b.Verify(ctx, progress.Add)
	} else {
		err = bundle.CheckParts(ctx, object.Store, b.Manifest)
	}
	if err == nil && b.Manifest.Unsigned() {
		e.Warnf("%s is not signed: nobody vouches for the owner and the parts that it names", object)
	}
	return b.Document, b.Manifest, err
}

// absolute returns the location under which the registry knows the manifest: a file by its absolute path without
// symbolic links, so that it has one only.
func absolute(object cli.Object) (string, error) {
	if object.Location.Bucket != "" {
		return object.String(), nil
	}
	path, err := filepath.EvalSymlinks(object.String())
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// override lets the flags go before the manifest.
func (o *options) override(e *cli.Env, image *registry.Image) error {
	account, err := e.Account(o.account)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		value string
		to    *string
	}{
		{account, &image.Owner},
		{o.arch, &image.Architecture},
		{o.kernel, &image.KernelID},
		{o.ramdisk, &image.RamdiskID},
		{o.virtualization, &image.VirtualizationType},
		{o.rootDevice, &image.RootDeviceName},
	} {
		if f.value != "" {
			*f.to = f.value
		}
	}
	for _, tag := range o.tags {
		key, value, _ := strings.Cut(tag, "=")
		image.Tags = append(image.Tags, registry.Tag{Key: key, Value: value})
	}
	return o.overrideMappings(image)
}

func (o *options) overrideMappings(image *registry.Image) error {
	if len(o.mappings) > 0 {
		image.BlockDevices = nil
	}
	for _, pair := range o.mappings {
		device, virtual, ok := strings.Cut(pair, "=")
		if !ok || device == "" || virtual == "" {
			return cli.Usagef("-B %q: want DEVICE=VIRTUAL, such as /dev/sdb=ephemeral0", pair)
		}
		image.BlockDevices = append(image.BlockDevices, registry.BlockDevice{DeviceName: device, VirtualName: virtual})
	}
	return nil
}
