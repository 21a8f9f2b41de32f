// Ami-download copies a bundle from a store to a directory.
package main

import (
	"context"

	"amiforge/bundle"
	"amiforge/internal/cli"
)

const usage = `Usage:
  ami-download MANIFEST -d DIR [OPTION]…
  ami-download -b LOCATION (-m NAME | -p PREFIX) -d DIR [OPTION]…

Copies a bundle from a store to a directory, the manifest last, and prints where the
manifest is. Every part is checked against the manifest before it gets its name. After
an interruption, the same command fetches what is missing.

  MANIFEST                 s3://bucket/prefix/image.manifest.xml
  -d, --directory DIR      where to put it, made if missing
  -b, --bucket LOCATION    BUCKET, BUCKET/PREFIX or s3://BUCKET/PREFIX
  -m, --manifest NAME      name of the manifest there (default: image.manifest.xml)
  -p, --prefix NAME        or the name of the bundle: NAME.manifest.xml
  -c, --cert CERT          check the signature first: that of this certificate
  -k, --privatekey KEY     check the signature first: that of this key's owner
      --force              replace another bundle of that name
      --retry              accepted for old scripts: what is temporary is always retried
      --no-sync            do not wait for the disk

Examples:
  ami-download s3://bucket/web/image.manifest.xml -d back
  ami-download -b bucket/web -m image.manifest.xml -d back
`

func main() { cli.Main(usage, run) }

type options struct {
	source        cli.Source
	directory     string
	key, cert     string
	force, noSync bool
}

func run(ctx context.Context, e *cli.Env) error {
	o, err := parse(e)
	if err != nil {
		return err
	}
	src, err := o.source.Open(ctx, e.StoreConfig())
	if err != nil {
		return err
	}
	if err := o.checkSource(ctx, src); err != nil {
		return err
	}
	cfg := e.StoreConfig()
	cfg.NoSync, cfg.Create = o.noSync, true
	dst, loc, err := cli.OpenStore(ctx, o.directory, cfg)
	if err != nil {
		return err
	}
	done, err := cli.CopyBundle(ctx, e, "download", dst, src, &bundle.CopyOptions{Replace: o.force})
	if err != nil {
		return err
	}
	path := loc.Object(src.Name)
	return e.Result(path, map[string]any{"manifest": path, "sent": done.Sent, "kept": done.Kept})
}

func parse(e *cli.Env) (*options, error) {
	o := &options{}
	f := e.Flags()
	o.source.AddFlags(f)
	f.StringVarP(&o.directory, "directory", "d", "", "")
	f.StringVarP(&o.cert, "cert", "c", "", "")
	f.StringVarP(&o.key, "privatekey", "k", "", "")
	f.BoolVar(&o.force, "force", false, "")
	f.Bool("retry", false, "")
	f.BoolVar(&o.noSync, "no-sync", false, "")
	cli.AddSecrets(f)
	args, err := e.Parse()
	if err == nil {
		err = cli.RefuseSecrets(f, "")
	}
	if err != nil {
		return nil, err
	}
	if err := o.source.Take(args); err != nil {
		return nil, err
	}
	if o.directory == "" {
		return nil, cli.Usagef("where to? give -d DIR")
	}
	return o, nil
}

// checkSource tells, before a directory is made for it, whether the manifest is there and sound, and whether
// its signature is right if a key or a certificate says whose it must be.
func (o *options) checkSource(ctx context.Context, src cli.Object) error {
	open, err := cli.OpenOptions(o.key, o.cert)
	if err != nil {
		return err
	}
	_, err = bundle.Open(ctx, src.Store, src.Name, open)
	return err
}
