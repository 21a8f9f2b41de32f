package cli

import (
	"cmp"

	"amiforge/internal/regions"
	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// ForeignStores returns the stores in the regions file whose images are in another registry than the one at location,
// which is that of region. Buckets of other servers than the region's are left out; directories are absolute and
// without symbolic links. What is written in two ways, as the name of a host may be, counts as two.
func (e *Env) ForeignStores(region regions.Region, location string) ([]store.Location, error) {
	file, err := e.regions()
	if err != nil {
		return nil, err
	}
	here, err := e.StoreConfigIn(region).Server()
	if err != nil {
		return nil, err
	}
	own, err := identify(location, here)
	if err != nil {
		return nil, err
	}
	var foreign []store.Location
	for _, r := range file.All() {
		server, err := e.StoreConfigIn(r).Server()
		if err != nil {
			return nil, err
		}
		theirs, err := identify(cmp.Or(r.Registry, e.Registry, registryRoot(r, store.Location{})), server)
		switch {
		case err != nil:
			return nil, err
		case theirs == own || r.Store.Bucket != "" && server != here:
		case r.Store.Bucket == "":
			foreign = append(foreign, store.Location{Dir: regions.RealPath(r.Store.Dir)})
		default:
			foreign = append(foreign, r.Store)
		}
	}
	return foreign, nil
}

// identify returns a registry's location in one spelling, with its server if it is in a bucket.
func identify(location, server string) (string, error) {
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
	return server + " " + clean, nil
}
