package cli

import (
	"context"

	"amiforge/internal/registry"
	"amiforge/internal/store"
	"amiforge/manifest"
)

// OpenRegistry opens the registry that --registry or AMI_REGISTRY names, else the one at the root of the
// bucket that near is in. It returns its location too.
func (e *Env) OpenRegistry(ctx context.Context, near store.Location) (registry.Engine, store.Location, error) {
	loc := store.Location{Bucket: near.Bucket}
	switch {
	case e.Registry != "":
		var err error
		if loc, err = store.ParseLocation(e.Registry); err != nil {
			return nil, loc, Usagef("--registry: %w", err)
		}
	case near.Bucket == "":
		return nil, loc, Usagef("which registry? add --registry DIR or --registry s3://BUCKET, or: export AMI_REGISTRY=s3://BUCKET")
	}
	engine, err := registry.Open(ctx, loc.String(), e.StoreConfig(), nil)
	return engine, loc, err
}

// ImageRegion returns the region that images are registered in: --region, AMI_REGION, AWS_REGION,
// AWS_DEFAULT_REGION, else local.
func (e *Env) ImageRegion() string {
	if e.Region != "" {
		return e.Region
	}
	for _, name := range []string{"AMI_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"} {
		if region := e.getenv(name); region != "" {
			return region
		}
	}
	return "local"
}

// Account reads an account given by flag, else AMI_ACCOUNT, and returns it without dashes; "" if neither is
// there.
func (e *Env) Account(flag string) (string, error) {
	if flag == "" {
		flag = e.getenv("AMI_ACCOUNT")
	}
	if flag == "" {
		return "", nil
	}
	account, err := manifest.ParseUser(flag)
	if err != nil {
		return "", Usagef("account: %w", err)
	}
	return account, nil
}
