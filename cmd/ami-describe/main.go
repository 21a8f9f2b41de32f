// Ami-describe lists images of a registry.
package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"amiforge/internal/cli"
	"amiforge/internal/registry"
	"amiforge/internal/store"
)

const usage = `Usage:
  ami-describe [ID]… [OPTION]…

Lists images: those with the given IDs, or all that match the options. With --json in
the form of "aws ec2 describe-images".

      --owner ACCOUNT   images of this account; "self" is --account or AMI_ACCOUNT
      --name NAME       images of this name
      --account ACCOUNT whom "self" means (default: AMI_ACCOUNT)

The registry is --registry or AMI_REGISTRY. --region or AMI_REGION narrows the list to
one region.

Examples:
  ami-describe ami-0123456789abcdef0 --registry s3://bucket
  ami-describe --owner self --json
`

func main() { cli.Main(usage, run) }

func run(ctx context.Context, e *cli.Env) error {
	query, err := parse(e)
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
	for _, err := range listing.Unreadable {
		e.Warnf("%v", err)
	}
	return e.Result(table(listing.Images), listing.Document())
}

func parse(e *cli.Env) (registry.Query, error) {
	var owner, name, account string
	f := e.Flags()
	f.StringVar(&owner, "owner", "", "")
	f.StringVar(&name, "name", "", "")
	f.StringVar(&account, "account", "", "")
	ids, err := e.Parse()
	if err != nil {
		return registry.Query{}, err
	}
	region := e.Region
	if region == "" {
		region = e.Getenv("AMI_REGION")
	}
	query := registry.Query{IDs: ids, Owner: owner, Name: name, Region: region}
	if owner == "self" {
		if query.Owner, err = e.Account(account); err == nil && query.Owner == "" {
			err = cli.Usagef("--owner self: whose are you? add --account ACCOUNT, or: export AMI_ACCOUNT=ACCOUNT")
		}
	} else if owner != "" {
		query.Owner, err = e.Account(owner)
	}
	return query, err
}

// table returns the images for people: one a line under a heading, or nothing.
func table(images []registry.Image) string {
	if len(images) == 0 {
		return ""
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tNAME\tSTATE\tARCHITECTURE\tCREATED\tREGION\tPUBLIC\tLOCATION")
	for _, im := range images {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%t\t%s\n", im.ID, im.Name, im.State, im.Architecture,
			im.CreationDate.Format("2006-01-02 15:04"), im.Region, im.Public(), im.Location)
	}
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}
