package gc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"amiforge/internal/registry"
)

// An index is a registry by the locations that its images name.
type index struct {
	images []registry.Image // the living ones

	living  map[string][]registry.Image // by the location of the manifest
	inside  map[string][]registry.Image // living, by the folder of the location
	digests map[string][]registry.Image // living, by the digest of the manifest
	ended   map[string][]registry.Image // deregistered, by the location of the manifest
	ids     map[string]registry.Image   // living, by ID
	kept    map[string]bool             // folders of images that a tag keeps, dead or alive
	names   map[string]bool             // of all manifests

	unreadable []error
}

// readIndex reads the registry. It does so as the administrator: whoever's image it is, it needs its bundle. A remote
// registry shows the account's own images only.
func (c *Collector) readIndex(ctx context.Context) (*index, error) {
	if c.isRemote() && c.By.Account == "" {
		return nil, errors.New("the registry hides the images of other accounts: only one account's garbage can be found")
	}
	listing, err := c.Engine.Describe(ctx, registry.Query{
		IncludePending: true, IncludeDisabled: true, IncludeDeprecated: true, IncludeDeregistered: true,
	})
	if err != nil {
		return nil, err
	}
	x := &index{
		living: map[string][]registry.Image{}, inside: map[string][]registry.Image{}, digests: map[string][]registry.Image{},
		ended: map[string][]registry.Image{}, ids: map[string]registry.Image{}, kept: map[string]bool{}, names: map[string]bool{},
		unreadable: listing.Unreadable,
	}
	for _, m := range listing.Images {
		if c.isRemote() && m.Owner != c.By.Account {
			return nil, fmt.Errorf("the registry shows the images of account %s, not those of %s", m.Owner, c.By.Account)
		}
		m.Location = spelled(m.Location)
		if c.keeps(m) {
			x.kept[folderOf(m.Location)] = true
		}
		x.add(m)
	}
	return x, nil
}

// spelled returns a location in the one way that folders are spelled: EC2 leaves out the scheme.
func spelled(location string) string {
	if strings.HasPrefix(location, "/") || strings.Contains(location, "://") {
		return location
	}
	return "s3://" + location
}

func (x *index) add(m registry.Image) {
	switch m.State {
	case registry.Deregistered:
		x.ended[m.Location] = append(x.ended[m.Location], m)
		return
	case registry.Failed:
		return
	}
	x.images = append(x.images, m)
	x.ids[m.ID] = m
	x.living[m.Location] = append(x.living[m.Location], m)
	folder := folderOf(m.Location)
	x.inside[folder] = append(x.inside[folder], m)
	x.names[strings.TrimPrefix(m.Location, folder)] = true
	if m.ManifestDigest != "" {
		x.digests[m.ManifestDigest] = append(x.digests[m.ManifestDigest], m)
	}
}

// mayBeOwn reports whether a folder is called by the ID of a living image whose location is spelled otherwise: another
// machine may copy into it.
func (x *index) mayBeOwn(at place) bool {
	m, ok := x.ids[at.base()]
	return ok && folderOf(m.Location) != folderKey(at.loc)
}

// doubt says why nothing in a store can be garbage for sure, "" if nothing is in the way.
func (x *index) doubt() string {
	switch {
	case len(x.unreadable) > 0:
		return "an image record that cannot be read may need it"
	case len(x.images) == 0 && len(x.ended) == 0:
		return "the registry has no images: is it the right one?"
	}
	return ""
}

// dead returns the image that failed or was deregistered and whose own folder, called by its ID, this is.
func (c *Collector) dead(ctx context.Context, id string) (registry.Image, bool) {
	if registry.CheckID(id) != nil {
		return registry.Image{}, false
	}
	listing, err := c.Engine.Describe(ctx, registry.Query{IDs: []string{id}, IncludeDeregistered: true})
	if err != nil || len(listing.Images) != 1 { // to know nothing of it keeps what is in the folder
		return registry.Image{}, false
	}
	m := listing.Images[0]
	return m, m.State.Dead()
}
