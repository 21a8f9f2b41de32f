package regions

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// A Region is a place for images: a store for their bundles and what is needed to reach it.
type Region struct {
	Name string

	// Store is where bundles are kept. It is zero only for a region of AWS without an entry. A relative
	// path is relative to the working directory, as on the command line.
	Store store.Location

	// Registry is where the images are recorded, as registry.Open takes it. Empty: as without a regions file,
	// --registry, AMI_REGISTRY or the root of the store's bucket.
	Registry string

	Endpoint       string   // URL of the S3 service; empty: as without a regions file
	S3Region       string   // region to sign for; empty: AWS_REGION and what else store.Config names
	Virtualization []string // types that machines here can boot, of hvm and paravirtual
}

// virtualizations returns the types that a region has unless its entry says otherwise.
func virtualizations() []string { return []string{"hvm", "paravirtual"} }

// Config returns base with what the region says about its service. The region to sign for never comes from
// base, where a command keeps --region: that is an image's region, and may be any word.
func (r Region) Config(base store.Config) store.Config {
	if r.Endpoint != "" {
		base.Endpoint = r.Endpoint
	}
	base.Region = r.S3Region
	return base
}

// Place returns the location that the user gave, if any, else the region's store. For a region of AWS
// without an entry a bucket has to be given, since nothing else says where in the region a bundle goes.
func (r Region) Place(given string) (store.Location, error) {
	if given == "" && r.Store != (store.Location{}) {
		return r.Store, nil
	}
	if given == "" {
		return store.Location{}, fmt.Errorf("region %s: no store: say where with --to s3://BUCKET, "+
			"or give the region an entry in the regions file (--regions, AMI_REGIONS)", r.Name)
	}
	loc, err := store.ParseLocation(given)
	if err == nil && r.Store == (store.Location{}) && loc.Bucket == "" {
		err = fmt.Errorf("%s is not in a region of AWS: want s3://BUCKET", loc)
	}
	if err != nil {
		return store.Location{}, fmt.Errorf("region %s: %w", r.Name, err)
	}
	return loc, nil
}

// parseRegion reads an entry of the regions file.
func parseRegion(entry member) (Region, error) {
	if err := registry.CheckRegion(entry.name); err != nil {
		return Region{}, fmt.Errorf("line %d: %w", entry.line, err)
	}
	if err := entry.want("object"); err != nil {
		return Region{}, fmt.Errorf("line %d: region %s: %w", entry.line, entry.name, err)
	}
	r := Region{Name: entry.name, Virtualization: virtualizations()}
	for _, m := range entry.members {
		if err := r.set(m); err != nil {
			return Region{}, fmt.Errorf("line %d: region %s: %w", m.line, r.Name, err)
		}
	}
	if r.Store == (store.Location{}) {
		return Region{}, fmt.Errorf("line %d: region %s: no store", entry.line, r.Name)
	}
	if name, ok := registry.EC2Region(r.Registry); ok && name != r.Name {
		return Region{}, fmt.Errorf("line %d: region %s: its registry is EC2 in %s, so call it that", entry.line, r.Name, name)
	}
	return r, nil
}

// set takes the value of one key of an entry.
func (r *Region) set(m member) (err error) {
	switch m.name {
	case "store":
		r.Store, err = parseLocation(m.value)
	case "registry":
		r.Registry, err = parseRegistry(m.value)
	case "endpoint":
		r.Endpoint, err = parseEndpoint(m.value)
	case "s3Region":
		r.S3Region, err = m.word()
	case "virtualization":
		r.Virtualization, err = parseVirtualization(m.value)
	default:
		return fmt.Errorf("unknown key %q, want store, registry, endpoint, s3Region or virtualization", m.name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	return nil
}

func parseLocation(v value) (store.Location, error) {
	text, err := v.word()
	if err != nil {
		return store.Location{}, err
	}
	return store.ParseLocation(text)
}

// parseRegistry reads any location of a registry. In a file, which has its own permissions, a URL may have a password.
func parseRegistry(v value) (string, error) {
	text, err := v.word()
	if err != nil {
		return "", err
	}
	_, err = registry.CleanLocation(text)
	return text, err
}

// parseEndpoint refuses what store.Config would, but for what a URL may have beside its host.
func parseEndpoint(v value) (string, error) {
	text, err := v.word()
	scheme, _, ok := strings.Cut(text, "://")
	if err == nil && ok && scheme != "http" && scheme != "https" {
		err = fmt.Errorf("scheme %q is not http or https", scheme)
	}
	return text, err
}

func parseVirtualization(v value) ([]string, error) {
	if err := v.want("array"); err != nil {
		return nil, err
	}
	var types []string
	for _, item := range v.items {
		text, err := item.word()
		switch {
		case err != nil:
			return nil, err
		case !slices.Contains(virtualizations(), text):
			return nil, fmt.Errorf("%q is not %s", text, strings.Join(virtualizations(), " or "))
		case slices.Contains(types, text):
			return nil, fmt.Errorf("%q is repeated", text)
		}
		types = append(types, text)
	}
	if types == nil {
		return nil, errors.New("empty: leave the key out for both")
	}
	return types, nil
}
