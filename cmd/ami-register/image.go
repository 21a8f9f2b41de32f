package main

import (
	"context"
	"strings"

	"amiforge/bundle"
	"amiforge/internal/cli"
	"amiforge/internal/registry"
	"amiforge/internal/store"
	"amiforge/manifest"
)

// image reads and checks the bundle and returns what is to be registered.
func (o *options) image(ctx context.Context, e *cli.Env, object cli.Object) (registry.Image, error) {
	doc, m, err := o.check(ctx, e, object)
	if err != nil {
		return registry.Image{}, err
	}
	image := registry.FromManifest(m)
	image.ManifestDigest = registry.DigestManifest(doc)
	if image.Location, err = locate(object); err != nil {
		return image, err
	}
	image.Name, image.Description = o.name, o.description
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
		return nil, nil, object.Missing(err)
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

// locate returns the location under which the registry knows the manifest: a file by the one path that it has.
func locate(object cli.Object) (string, error) {
	if object.Location.Bucket != "" {
		return object.String(), nil
	}
	return store.RealPath(object.String())
}

// override lets the flags go before the manifest.
func (o *options) override(e *cli.Env, image *registry.Image) error {
	by, err := e.Caller()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		value string
		to    *string
	}{
		{by.Account, &image.Owner},
		{o.arch, &image.Architecture},
		{o.kernel, &image.KernelID},
		{o.ramdisk, &image.RamdiskID},
		{o.virtualization, &image.VirtualizationType},
		{o.rootDevice, &image.RootDeviceName},
		{o.platform, &image.Platform},
		{o.bootMode, &image.BootMode},
		{o.sriov, &image.SriovNetSupport},
	} {
		if f.value != "" {
			*f.to = f.value
		}
	}
	image.EnaSupport = o.ena
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
		device, err := parseMapping(pair)
		if err != nil {
			return err
		}
		if device.VirtualName != "none" {
			image.BlockDevices = append(image.BlockDevices, device)
		}
	}
	return nil
}
