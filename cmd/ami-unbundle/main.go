// Ami-unbundle restores the disk image from a bundle, or verifies the bundle.
package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"amiforge/bundle"
	"amiforge/internal/cli"
	"amiforge/internal/export"
)

const usage = `Usage:
  ami-unbundle -m MANIFEST -k KEY -o FILE [OPTION]…
  ami-unbundle -m MANIFEST --verify (-k KEY | -c CERT) [OPTION]…

Restores the disk image from a bundle, sparsely, or only verifies the bundle.
MANIFEST is a file or s3://bucket/prefix/image.manifest.xml; its parts lie beside
it. The signature is checked before anything, every part before it is used, and
the whole before the image gets its name.

  -m, --manifest MANIFEST  manifest of the bundle; "-m" may be left out
  -k, --privatekey KEY     private key of the owner, or of the service (default:
                           EC2_PRIVATE_KEY, but none for --verify -c CERT)
  -c, --cert CERT          certificate of the owner, whose signature is expected
                           (default: that of KEY; needed with the service's key)
  -o, --output FILE        image to write, a block device (with --force), or - for
                           standard output
  -d, --destination DIR    instead of -o: write the image to DIR under its own name
  -s, --source LOCATION    where the parts are, if not beside the manifest
      --verify             write nothing; report every bad part, exit 4 if there is one.
                           With -c alone the content stays closed: signature and parts
      --allow-unsigned     accept a manifest without signature (euca2ools without -k)
      --max-size SIZE      refuse an image that claims to be larger (default: 1T)
      --no-sync            do not wait for the disk
      --force              overwrite FILE

Examples:
  ami-unbundle -m out/image.manifest.xml -k keys/pk.pem -o disk.raw
  ami-unbundle -m s3://bucket/web/image.manifest.xml -k keys/pk.pem -o disk.raw
  ami-unbundle -m out/image.manifest.xml -c keys/cert.pem --verify
`

func main() { cli.Main(usage, run) }

type options struct {
	cli.Opening
	manifest              string
	output, destination   string
	verify, noSync, force bool
	maxSize               int64
}

func run(ctx context.Context, e *cli.Env) error {
	o, err := parse(e)
	if err != nil {
		return err
	}
	open, err := o.Options(ctx, e)
	if err != nil {
		return err
	}
	object, err := cli.OpenObject(ctx, o.manifest, e.StoreConfig())
	if err != nil {
		return err
	}
	b, err := cli.OpenBundle(ctx, e, object, open)
	if err != nil {
		return err
	}
	if o.verify {
		return o.runVerify(ctx, e, object, b)
	}
	if size := b.Manifest.Image.Size; size > o.maxSize {
		return fmt.Errorf("%s: the image claims to be %d bytes long, more than --max-size %s", object, size, cli.FormatSize(o.maxSize))
	}
	return o.restore(ctx, e, object, b)
}

func parse(e *cli.Env) (*options, error) {
	o := &options{maxSize: 1 << 40}
	f := e.Flags()
	f.StringVarP(&o.manifest, "manifest", "m", "", "")
	o.AddFlags(f)
	f.StringVarP(&o.output, "output", "o", "", "")
	f.StringVarP(&o.destination, "destination", "d", "", "")
	f.BoolVar(&o.verify, "verify", false, "")
	cli.SizeVar(f, &o.maxSize, "max-size", "", o.maxSize, "")
	f.BoolVar(&o.noSync, "no-sync", false, "")
	f.BoolVar(&o.force, "force", false, "")
	args, err := e.Parse()
	if err != nil {
		return nil, err
	}
	if o.manifest == "" && len(args) > 0 {
		o.manifest, args = args[0], args[1:]
	}
	if o.Key == "" && !(o.verify && o.Cert != "") {
		o.Key = e.Getenv("EC2_PRIVATE_KEY")
	}
	if len(args) > 0 {
		return nil, cli.Usagef("unexpected argument %q", args[0])
	}
	return o, o.check()
}

// check tells what is missing or does not go together.
func (o *options) check() error {
	hasTarget := o.output != "" || o.destination != ""
	switch {
	case o.manifest == "":
		return cli.Usagef("which bundle? give -m MANIFEST")
	case o.verify && hasTarget:
		return cli.Usagef("--verify writes nothing: leave out -o and -d")
	case o.verify && o.Key == "" && o.Cert == "":
		return cli.Usagef("--verify needs -k KEY or -c CERT: whose signature is expected?")
	case !o.verify && o.Key == "":
		return cli.Usagef("-k KEY is needed: the private key that opens the bundle")
	case !o.verify && !hasTarget:
		return cli.Usagef("where to? give -o FILE or -d DIR")
	case o.output != "" && o.destination != "":
		return cli.Usagef("-o and -d exclude each other")
	}
	return nil
}

// runVerify checks everything and writes nothing.
func (o *options) runVerify(ctx context.Context, e *cli.Env, object cli.Object, b *bundle.Bundle) error {
	im := &b.Manifest.Image
	total := im.BundledSize
	if o.Key != "" {
		total = im.Size
	}
	progress := e.Progress("verify", total)
	defer progress.Done()
	if err := b.Verify(ctx, progress.Add); err != nil {
		return export.Named(object.String(), err)
	}
	progress.Done()
	strays, err := b.Strays(ctx)
	if err != nil {
		return err
	}
	if strays == nil {
		strays = []string{} // a list in JSON, too
	}
	for _, name := range strays {
		e.Warnf("%s looks like a part of this bundle, but the manifest does not name it", name)
	}
	e.Notef("%s is good: %s", object, o.checked(b))
	return e.Result("", map[string]any{
		"manifest": object.String(), "verified": true, "signed": !b.Manifest.Unsigned(),
		"parts": len(im.Parts), "image": o.Key != "", "strays": strays,
	})
}

// checked lists what was found to be right.
func (o *options) checked(b *bundle.Bundle) string {
	what := fmt.Sprintf("%d parts", len(b.Manifest.Image.Parts))
	if !b.Manifest.Unsigned() {
		what = "signature, " + what
	}
	if o.Key != "" {
		what += ", image"
	}
	return what
}

// restore writes the image.
func (o *options) restore(ctx context.Context, e *cli.Env, object cli.Object, b *bundle.Bundle) error {
	path := o.output
	if path == "" {
		path = filepath.Join(o.destination, b.Manifest.Image.Name)
	}
	if err := o.RefuseBundle(path, object, b.Manifest.Image.Parts); err != nil {
		return err
	}
	progress := e.Progress("unbundle", b.Manifest.Image.Size)
	defer progress.Done()
	if path == "-" {
		return export.Named(object.String(), toStdout(ctx, e, b, progress.Add))
	}
	if err := o.toFile(ctx, path, b, progress.Add); err != nil {
		return export.Named(object.String(), err)
	}
	progress.Done()
	return e.Result(path, map[string]any{"image": path, "size": b.Manifest.Image.Size})
}

func (o *options) toFile(ctx context.Context, path string, b *bundle.Bundle, progress func(int64)) error {
	im, err := cli.CreateImage(path, b.Manifest.Image.Size, cli.FileOptions{Force: o.force, NoSync: o.noSync})
	if err != nil {
		return err
	}
	if err := b.Extract(ctx, im, progress); err != nil {
		return errors.Join(cli.Spoiled(im, err), im.Close())
	}
	return im.Commit()
}
