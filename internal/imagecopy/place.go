package imagecopy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"amiforge/bundle"
	"amiforge/internal/store"
)

// manifestName is what the manifest of a copy is called, whatever its parts are.
const manifestName = "image.manifest.xml"

// A Place is a store in which every image has a prefix of its own, called by its ID.
type Place struct {
	location store.Location
	config   store.Config
}

// NewPlace returns the place at loc, which is reached by cfg. A directory is made when it is needed.
func NewPlace(loc store.Location, cfg store.Config) (*Place, error) {
	loc, err := loc.Real() // the registry compares locations as strings
	if err != nil {
		return nil, err
	}
	cfg.Create = true
	return &Place{loc, cfg}, nil
}

// Manifest returns the location of the manifest of image id.
func (p *Place) Manifest(id string) string { return p.of(id).Object(manifestName) }

// of returns the location of the bundle of image id.
func (p *Place) of(id string) store.Location {
	loc := p.location
	if loc.Bucket == "" {
		loc.Dir = filepath.Join(loc.Dir, id)
		return loc
	}
	loc.Prefix = path.Join(loc.Prefix, id)
	return loc
}

// probe tells whether the place can be reached. It changes nothing.
func (p *Place) probe(ctx context.Context) error {
	if p.location.Bucket == "" {
		info, err := os.Stat(p.location.Dir)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("%s is not a directory", p.location)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	st, err := store.Open(ctx, p.location, p.config)
	if err != nil {
		return err
	}
	if _, err = st.Stat(ctx, manifestName); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// A place is that of one image.
type place struct {
	location store.Location
	store    bundle.Store
	name     string // of the manifest
}

// open opens the store of the manifest at location.
func (p *Place) open(ctx context.Context, location string) (place, error) {
	loc, name, err := store.SplitObject(location)
	if err != nil {
		return place{}, err
	}
	st, err := store.Open(ctx, loc, p.config)
	return place{loc, st, name}, err
}

// tidy removes the image's directory, if that is what its place is and nothing is in it.
func (p place) tidy() {
	if p.location.Bucket == "" {
		_ = os.Remove(p.location.Dir)
	}
}
