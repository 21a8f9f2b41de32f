// Ami-describe lists images of a registry.
package main

import (
	"context"
	"errors"
	"runtime/debug"

	"amiforge/internal/cli"
	"amiforge/internal/store"
)

const usage = `Usage:
  ami-describe [ID]… [OPTION]…

Lists images: those with the given IDs, or all that match the options. With --json in
the form of "aws ec2 describe-images".

      --owner ACCOUNT       images of this account; "self" is the one that speaks
      --any-owner           images by name, whoever made them
      --name NAME           images of this name
      --executable-by WHO   images shared with: all, an account, or "self"
      --filter NAME=VALUE   images that pass this filter of DescribeImages, such as
                            state=disabled, tag:role=web*, creation-date=2026-11-*; * is
                            any characters, ? is one. A name may be given again with
                            another value: one of them has to match
      --latest              the newest of them alone
      --include-deprecated  those of others that are deprecated, too
      --include-disabled    disabled ones, too
` + cli.RegistryUsage + `
Somebody else may give an image the name that you look for. So a look-up by name, and
--latest, want an owner: --owner, a filter on owner-id, or --any-owner.

An account sees its own images, the public ones and those shared with it; of its own
alone with whom they are shared. A record that cannot be read is named; the others are
listed all the same, and the status is 1. The registry is --registry, that of the region, or
AMI_REGISTRY. --region or AMI_REGION narrows the list to one region.

Examples:
  ami-describe ami-0123456789abcdef0 --registry s3://bucket
  ami-describe --owner self --filter 'name=web-*' --latest --json
`

func main() { cli.Main(usage, run) }

// gcPercent is Go's own: a listing is one large structure and no few buffers, and collecting it often takes a third
// of the time of 50,000 images.
const gcPercent = 100

func run(ctx context.Context, e *cli.Env) error {
	debug.SetGCPercent(gcPercent)
	o, err := parse(e)
	if err != nil {
		return err
	}
	query, err := o.query(e)
	if err != nil {
		return err
	}
	engine, _, err := e.OpenRegistry(ctx, store.Location{})
	if err != nil {
		return err
	}
	defer engine.Close()
	listing, err := engine.Describe(ctx, query)
	if err != nil {
		return err
	}
	if o.latest {
		listing.Latest()
	}
	if err := e.Result(table(listing.Images), listing.Document()); err != nil {
		return err
	}
	return errors.Join(listing.Unreadable...)
}
