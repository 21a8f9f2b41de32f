package cli

import (
	"cmp"
	"context"

	"amiforge/internal/regions"
	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// RegistryUsage explains the flags of AddRegistryFlags.
const RegistryUsage = `      --account ACCOUNT     who speaks (default: AMI_ACCOUNT); with none, the registry's
                            administrator
      --regions FILE        which region is which store (default: AMI_REGIONS)
      --organizations FILE  which account is in which organization and unit (default:
                            AMI_ORGANIZATIONS)
`

// AddRegistryFlags adds the flags of the commands that work on a registry, and for those that change something
// --dry-run. Their values are fields of e.
func (e *Env) AddRegistryFlags(changes bool) {
	f := e.Flags()
	f.StringVar(&e.account, "account", "", "")
	f.StringVar(&e.regionsFile, "regions", "", "")
	f.StringVar(&e.organizationsFile, "organizations", "", "")
	if changes {
		f.BoolVar(&e.DryRun, "dry-run", false, "")
	}
}

// OpenRegistry opens the registry of the images' region. It is the one that --registry names, else that of the
// region in the regions file, else AMI_REGISTRY, else the root of the store that the region has or of the bucket
// that near is in. It returns its location too, as messages show it: without a password, which only AMI_REGISTRY may
// have in it.
func (e *Env) OpenRegistry(ctx context.Context, near store.Location) (registry.Engine, string, error) {
	region, err := e.FindImageRegion()
	if err != nil {
		return nil, "", err
	}
	return e.OpenRegistryOf(ctx, region, near)
}

// RegistryLocation returns where OpenRegistry looks if nothing is near, "" where it does not know.
func (e *Env) RegistryLocation() string {
	region, err := e.FindImageRegion()
	if err != nil {
		return ""
	}
	return e.registryOf(region, store.Location{})
}

// OpenRegistryOf opens the registry of a region, see OpenRegistry.
func (e *Env) OpenRegistryOf(ctx context.Context, region regions.Region, near store.Location) (registry.Engine, string, error) {
	return e.openRegistryAt(ctx, region, e.registryOf(region, near))
}

// OpenRegistryTo opens the registry of a region that an image is copied to. The one that the regions file names goes
// before --registry, which says where the image comes from.
func (e *Env) OpenRegistryTo(ctx context.Context, region regions.Region, near store.Location) (registry.Engine, string, error) {
	if region.Registry != "" {
		return e.openRegistryAt(ctx, region, region.Registry)
	}
	return e.OpenRegistryOf(ctx, region, near)
}

func (e *Env) openRegistryAt(ctx context.Context, region regions.Region, location string) (registry.Engine, string, error) {
	if location == "" {
		return nil, "", e.noRegistry()
	}
	shown, err := registry.CleanLocation(location)
	if err != nil {
		return nil, "", Usagef("--registry: %w", err)
	}
	if location == e.Registry && e.Flags().Changed("registry") && registry.HasPassword(location) {
		return nil, shown, Usagef("%s", passwordAdvice)
	}
	cfg, err := e.registryConfig(region, location)
	if err != nil {
		return nil, shown, err
	}
	engine, err := registry.Open(ctx, location, cfg, &registry.Options{DryRun: e.DryRun})
	return engine, shown, err
}

// registryConfig returns how to reach the registry of a region. Where that is in another region's bucket, it is as the
// entry of that one says.
func (e *Env) registryConfig(region regions.Region, location string) (store.Config, error) {
	loc, err := store.ParseLocation(location)
	if err != nil {
		return e.StoreConfigIn(region), nil
	}
	return e.StoreConfigAt(region, loc)
}

// passwordAdvice is the answer to a database's password in a flag.
const passwordAdvice = `--registry: passwords on the command line can be read by every user of the machine.
Leave it out and set PGPASSWORD, or write it in ~/.pgpass; AMI_REGISTRY may hold the whole URL.`

// noRegistry says how to name a registry.
func (e *Env) noRegistry() error {
	const advice = "add --registry DIR or --registry s3://BUCKET, or: export AMI_REGISTRY=s3://BUCKET"
	if e.orVariable(e.regionsFile, "AMI_REGIONS") != "" && e.GivenRegion() == "" {
		return Usagef("which registry? add --region REGION, whose is in the regions file, or %s", advice)
	}
	return Usagef("which registry? %s", advice)
}

func (e *Env) registryOf(region regions.Region, near store.Location) string {
	flag := ""
	if e.Flags().Changed("registry") {
		flag = e.Registry
	}
	return cmp.Or(flag, region.Registry, e.Registry, registryRoot(region, near))
}

// registryRoot returns where a registry is that nothing else names.
func registryRoot(region regions.Region, near store.Location) string {
	root := region.Store
	if root == (store.Location{}) {
		root = store.Location{Bucket: near.Bucket}
	} else if root.Bucket != "" {
		root.Prefix = ""
	}
	return location(root)
}

func location(l store.Location) string {
	if l == (store.Location{}) {
		return ""
	}
	return l.String()
}

// orVariable returns a flag's value, else that of a variable.
func (e *Env) orVariable(value, name string) string {
	if value == "" {
		return e.getenv(name)
	}
	return value
}
