// Ami-delete-bundle deletes a bundle from a store.
package main

import (
	"context"

	"amiforge/bundle"
	"amiforge/internal/cli"
)

const usage = `Usage:
  ami-delete-bundle MANIFEST [OPTION]…
  ami-delete-bundle -b LOCATION (-m NAME | -p PREFIX) [OPTION]…

Deletes exactly the objects that the manifest names, the report of an audit beside it
(NAME.audit.json), and the manifest last: an interrupted deletion is finished by the same
command. Parts that another manifest beside it names stay. Images that are registered
with this manifest cannot be launched any more (ami-deregister --delete-bundle looks first).

  MANIFEST                 s3://bucket/prefix/image.manifest.xml, or a file
  -b, --bucket LOCATION    BUCKET, BUCKET/PREFIX or s3://BUCKET/PREFIX
  -m, --manifest NAME      name of the manifest there (default: image.manifest.xml)
  -p, --prefix NAME        or the name of the bundle: NAME.manifest.xml
  -y, --yes, --retry       accepted for old scripts: nothing prompts, what is
                           temporary is always retried

Examples:
  ami-delete-bundle s3://bucket/web/image.manifest.xml
  ami-delete-bundle -b bucket/web -p image
`

func main() { cli.Main(usage, run) }

func run(ctx context.Context, e *cli.Env) error {
	var source cli.Source
	f := e.Flags()
	source.AddFlags(f)
	f.BoolP("yes", "y", false, "")
	f.Bool("retry", false, "")
	cli.AddSecrets(f)
	args, err := e.Parse()
	if err == nil {
		err = cli.RefuseSecrets(f, "")
	}
	if err != nil {
		return err
	}
	if err := source.Take(args); err != nil {
		return err
	}
	object, err := source.Open(ctx, e.StoreConfig())
	if err != nil {
		return err
	}
	if err := bundle.Remove(ctx, object.Store, object.Name); err != nil {
		return err
	}
	e.Notef("%s and its parts are deleted", object)
	return e.Result("", map[string]any{"deleted": object.String()})
}
