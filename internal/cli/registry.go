package cli

import (
	"cmp"
	"context"

	"amiforge/internal/regions"
	"amiforge/internal/registry"
	"amiforge/internal/store"
	"amiforge/manifest"
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

// FindImageRegion returns what the regions file says of ImageRegion.
func (e *Env) FindImageRegion() (regions.Region, error) {
	if _, err := e.regions(); err != nil {
		return regions.Region{}, err
	}
	region, err := e.FindRegion(e.ImageRegion())
	if err != nil && e.GivenRegion() == "" { // AWS_REGION may be about the store alone
		return regions.Region{}, nil
	}
	return region, err
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

// StoreConfigAt returns how to reach a location of which a region makes use: as that region says if its store is in the
// same bucket, else as the region says whose store the location is in, else as one with a store in the bucket, else as
// the first one.
func (e *Env) StoreConfigAt(region regions.Region, loc store.Location) (store.Config, error) {
	if loc.Bucket == "" || loc.Bucket == region.Store.Bucket {
		return e.StoreConfigIn(region), nil
	}
	file, err := e.regions()
	if err != nil {
		return store.Config{}, err
	}
	if holder, ok := file.Of(loc); ok {
		region = holder
	} else if other, ok := file.InBucket(loc.Bucket); ok {
		region = other
	}
	return e.StoreConfigIn(region), nil
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

// FindRegion returns what the regions file says of a region. Without a file any word is a region, of which nothing
// is known.
func (e *Env) FindRegion(name string) (regions.Region, error) {
	file, err := e.regions()
	if err != nil {
		return regions.Region{}, err
	}
	if file == nil || name == noRegion {
		return regions.Region{Name: name}, registry.CheckRegion(name)
	}
	region, err := file.Region(name)
	if err != nil {
		return regions.Region{}, Usagef("%w", err)
	}
	return region, nil
}

// regions reads the regions file, which is nil if there is none.
func (e *Env) regions() (*regions.File, error) {
	path := e.orVariable(e.regionsFile, "AMI_REGIONS")
	if path == "" {
		return nil, nil
	}
	return regions.Load(path)
}

// OpenBundleObject opens the store of a manifest and returns the region that the bundle is in: the given one, whose
// store must have it, else that of the regions file whose store has it, else ImageRegion.
func (e *Env) OpenBundleObject(ctx context.Context, location string) (Object, regions.Region, error) {
	loc, _, err := store.SplitObject(location)
	if err != nil {
		return Object{}, regions.Region{}, locationError(err)
	}
	region, err := e.bundleRegion(loc)
	if err != nil {
		return Object{}, regions.Region{}, err
	}
	object, err := OpenObject(ctx, location, e.StoreConfigIn(region))
	return object, region, err
}

func (e *Env) bundleRegion(loc store.Location) (regions.Region, error) {
	file, err := e.regions()
	if err != nil {
		return regions.Region{}, err
	}
	if region, ok := file.Of(loc); ok && (e.GivenRegion() == "" || e.GivenRegion() == region.Name) {
		return region, nil
	}
	if e.GivenRegion() == "" {
		return regions.Region{Name: e.ImageRegion()}, nil
	}
	region, err := e.FindRegion(e.GivenRegion())
	if err == nil && file != nil && region.Name != noRegion && !region.Holds(loc) {
		err = Usagef("%s is not in region %s: a region is where the bundle is, and its store is %s", loc, region.Name, region.Store)
	}
	return region, err
}

// StoreConfigIn returns how to reach the stores of a region.
func (e *Env) StoreConfigIn(region regions.Region) store.Config {
	if region.Store == (store.Location{}) { // nothing is known of it, or it is one of AWS
		return e.StoreConfig()
	}
	return region.Config(e.StoreConfig())
}

// StoreConfigOf returns how to reach the store of an image's bundle.
func (e *Env) StoreConfigOf(image registry.Image) (store.Config, error) {
	region, err := e.FindRegion(image.Region)
	if err != nil {
		return store.Config{}, err
	}
	return e.StoreConfigIn(region), nil
}

// noRegion is the region of those who have none.
const noRegion = "local"

// GivenRegion returns --region or AMI_REGION, "" if neither is there.
func (e *Env) GivenRegion() string { return e.orVariable(e.Region, "AMI_REGION") }

// ImageRegion returns the region that images are registered in: --region, AMI_REGION, that of a registry which is
// EC2, AWS_REGION, AWS_DEFAULT_REGION, else local.
func (e *Env) ImageRegion() string {
	if region := e.GivenRegion(); region != "" {
		return region
	}
	if region, ok := registry.EC2Region(e.Registry); ok {
		return region
	}
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if region := e.getenv(name); region != "" {
			return region
		}
	}
	return noRegion
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

// Caller returns who speaks: --account or AMI_ACCOUNT, with the organization and units that the organizations file
// says the account is in; with no account the registry's administrator.
func (e *Env) Caller() (registry.Caller, error) {
	account, err := e.Account(e.account)
	if err != nil || account == "" {
		return registry.Caller{Region: e.GivenRegion()}, err
	}
	organizations, err := e.Organizations()
	return registry.Caller{
		Account: account, Organizations: organizations.Memberships(account), Region: e.GivenRegion(),
	}, err
}

// Organizations reads the organizations file, which is nil if there is none.
func (e *Env) Organizations() (*regions.Organizations, error) {
	path := e.orVariable(e.organizationsFile, "AMI_ORGANIZATIONS")
	if path == "" {
		return nil, nil
	}
	return regions.LoadOrganizations(path)
}

// orVariable returns a flag's value, else that of a variable.
func (e *Env) orVariable(value, name string) string {
	if value == "" {
		return e.getenv(name)
	}
	return value
}
