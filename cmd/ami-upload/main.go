// Ami-upload copies a bundle from a directory to a store.
package main

import (
	"context"

	"amiforge/bundle"
	"amiforge/internal/cli"
)

const usage = `Usage:
  ami-upload -b LOCATION -m MANIFEST [OPTION]…

Copies a bundle to a store, the manifest last, and prints where the manifest is.
Parts that are there already are not sent again: after an interruption, the same
command goes on. Every part is checked against the manifest before it is sent.

  -b, --bucket LOCATION    BUCKET, BUCKET/PREFIX or s3://BUCKET/PREFIX; a directory
                           begins with / or ./
  -m, --manifest MANIFEST  manifest of the bundle
  -d, --directory DIR      where the parts are, if not beside the manifest
      --acl ACL            canned ACL for every object, such as aws-exec-read, which
                           AWS wants in order to launch the image (default: none)
      --part N             begin with part N: the ones before it are there
      --skip-manifest      send the parts only
      --force              replace another bundle of that name, and whatever else has
                           the name of a part
      --retry              accepted for old scripts: what is temporary is always retried
      --no-sync            do not wait for the disk (directories)

Credentials come from where AWS's own tools take them: AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY, --profile, or the machine's role; never from the command line.

Examples:
  ami-upload -b s3://bucket/web -m out/image.manifest.xml
  ami-upload -b bucket/web -m out/image.manifest.xml --acl aws-exec-read --region eu-west-1
  ami-upload -b ./store -m out/image.manifest.xml
`

// packer is what to write in a template, with a role and with keys.
const packer = `
For Packer, with a role and with keys:
  bundle_upload_command = "sudo -n ami-upload -b {{.BucketName}} -m {{.ManifestPath}} -d {{.BundleDirectory}} --region {{.Region}} --retry --batch"
  bundle_upload_command = "AWS_ACCESS_KEY_ID={{.AccessKey}} AWS_SECRET_ACCESS_KEY={{.SecretKey}} sudo -n -E ami-upload -b {{.BucketName}} -m {{.ManifestPath}} -d {{.BundleDirectory}} --region {{.Region}} --retry --batch"`

func main() { cli.Main(usage, run) }

type options struct {
	bucket, manifest, directory, acl string
	part                             int
	skipManifest, force, noSync      bool
}

func run(ctx context.Context, e *cli.Env) error {
	o, err := parse(e)
	if err != nil {
		return err
	}
	src, err := cli.OpenObject(ctx, o.manifest, e.StoreConfig())
	if err != nil {
		return err
	}
	parts := src.Store
	if o.directory != "" {
		if parts, _, err = cli.OpenStore(ctx, o.directory, e.StoreConfig()); err != nil {
			return err
		}
	}
	cfg := e.StoreConfig()
	cfg.ACL, cfg.NoSync, cfg.Create = o.acl, o.noSync, true
	dst, err := cli.OpenBucketObject(ctx, o.bucket, src.Name, cfg)
	if err != nil {
		return err
	}
	return o.upload(ctx, e, dst, src, parts)
}

func parse(e *cli.Env) (*options, error) {
	o := &options{}
	f := e.Flags()
	f.StringVarP(&o.bucket, "bucket", "b", "", "")
	f.StringVarP(&o.manifest, "manifest", "m", "", "")
	f.StringVarP(&o.directory, "directory", "d", "", "")
	f.StringVar(&o.acl, "acl", "", "")
	f.IntVar(&o.part, "part", 0, "")
	f.BoolVar(&o.skipManifest, "skip-manifest", false, "")
	f.BoolVar(&o.skipManifest, "skipmanifest", false, "")
	f.BoolVar(&o.force, "force", false, "")
	f.Bool("retry", false, "")
	f.BoolVar(&o.noSync, "no-sync", false, "")
	cli.AddSecrets(f)
	args, err := e.Parse()
	if err == nil {
		err = cli.RefuseSecrets(f, packer)
	}
	switch {
	case err != nil:
		return nil, err
	case len(args) > 0:
		return nil, cli.Usagef("unexpected argument %q", args[0])
	case o.bucket == "":
		return nil, cli.Usagef("where to? give -b LOCATION")
	case o.manifest == "":
		return nil, cli.Usagef("which bundle? give -m MANIFEST")
	}
	return o, nil
}

func (o *options) upload(ctx context.Context, e *cli.Env, dst, src cli.Object, parts bundle.Store) error {
	done, err := cli.CopyBundle(ctx, e, "upload", dst.Store, src, &bundle.CopyOptions{
		Parts: parts, From: o.part, SkipManifest: o.skipManifest, Replace: o.force,
	})
	if err != nil {
		return err
	}
	if o.skipManifest {
		e.Notef("%d parts sent, %d were there; without a manifest they are no bundle yet", done.Sent, done.Kept)
		return e.Result("", map[string]any{"sent": done.Sent, "kept": done.Kept})
	}
	return e.Result(dst.String(), map[string]any{"manifest": dst.String(), "sent": done.Sent, "kept": done.Kept})
}
