package cli

import (
	"cmp"
	"slices"

	"amiforge/internal/regions"
	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// ForeignStores returns the stores in the regions file whose images are in another registry than the one at location,
// which is that of region. Buckets of other servers than the region's and those of roots are left out; directories are
// absolute and without symbolic links. What is written in two ways, as the name of a host may be, counts as two.
func (e *Env) ForeignStores(region regions.Region, location string, roots ...store.Location) ([]store.Location, error) {
	file, err := e.regions()
	if err != nil {
		return nil, err
	}
	here, err := e.servers(region, roots)
	if err != nil {
		return nil, err
	}
	own, err := e.identify(region, location)
	if err != nil {
		return nil, err
	}
	var foreign []store.Location
	for _, r := range file.All() {
		server, err := e.StoreConfigIn(r).Server()
		if err != nil {
			return nil, err
		}
		theirs, err := e.identify(r, cmp.Or(r.Registry, e.Registry, registryRoot(r, store.Location{})))
		switch {
		case err != nil:
			return nil, err
		case theirs == own || r.Store.Bucket != "" && !slices.Contains(here, server):
		case r.Store.Bucket == "":
			foreign = append(foreign, store.Location{Dir: regions.RealPath(r.Store.Dir)})
		default:
			foreign = append(foreign, r.Store)
		}
	}
	return foreign, nil
}

// servers returns those of a region and of locations that it makes use of.
func (e *Env) servers(region regions.Region, locations []store.Location) ([]string, error) {
	var servers []string
	for _, loc := range append([]store.Location{region.Store}, locations...) {
		cfg, err := e.StoreConfigAt(region, loc)
		if err != nil {
			return nil, err
		}
		server, err := cfg.Server()
		if err != nil {
			return nil, err
		}
		servers = append(servers, server)
	}
	return servers, nil
}

// identify returns the location of a region's registry in one spelling, with its server if it is in a bucket.
func (e *Env) identify(region regions.Region, location string) (string, error) {
	clean, err := registry.CleanLocation(location)
	if err != nil {
		return "", err
	}
	loc, err := store.ParseLocation(location)
	switch {
	case err != nil: // it is in no store
		return clean, nil
	case loc.Bucket == "":
		return regions.RealPath(loc.Dir), nil
	}
	cfg, err := e.registryConfig(region, location)
	if err != nil {
		return "", err
	}
	server, err := cfg.Server()
	return server + " " + clean, err
}
