package cli

import (
	"context"

	"amiforge/internal/regions"
	"amiforge/internal/registry"
	"amiforge/internal/store"
)

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
