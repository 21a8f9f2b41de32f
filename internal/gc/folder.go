package gc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"amiforge/bundle"
	"amiforge/internal/registry"
	"amiforge/internal/store"
	"amiforge/manifest"
)

// A place is a folder of a tree.
type place struct {
	tree *store.Tree
	loc  store.Location
}

// base returns the last element of the folder's location, "" at the root of a bucket.
func (p place) base() string {
	if p.loc.Bucket == "" {
		return filepath.Base(p.loc.Dir)
	}
	return strings.TrimPrefix(path.Base("/"+p.loc.Prefix), "/")
}

// open opens the folder as a store. It must be closed.
func (p place) open() (bundle.Store, io.Closer, error) {
	st, err := p.tree.Open(p.loc)
	if err != nil {
		return nil, nil, err
	}
	if c, ok := st.(io.Closer); ok {
		return st, c, nil
	}
	return st, io.NopCloser(nil), nil
}

// A folder is one with what its manifests say.
type folder struct {
	place
	objects   map[string]store.Found // manifests and parts
	manifests []document             // by name
	named     map[string]int         // parts, by how many manifests name them
}

// A document is what is called like a manifest.
type document struct {
	name   string
	digest string
	*manifest.Manifest
	err error // why there is none
}

// wanted returns which names of objects matter: those of manifests and of parts.
func (x *index) wanted() *store.WalkOptions {
	return &store.WalkOptions{Skip: registryFolder, Want: func(name string) bool {
		_, isPart := bundle.SplitPartName(name)
		return isPart || x.mayBeManifest(name)
	}}
}

// registryFolder is what registries keep everything in.
const registryFolder = ".registry"

// mayBeManifest reports whether a name could be that of a manifest, which all tools call NAME.manifest.xml, and users
// otherwise.
func (x *index) mayBeManifest(name string) bool {
	return strings.HasSuffix(name, ".xml") || x.isManifest(name)
}

func (x *index) isManifest(name string) bool {
	return strings.HasSuffix(name, bundle.ManifestName("")) || x.names[name]
}

// readManifests reads the manifests in a folder. That one cannot be read or understood is no error of the folder.
func (c *Collector) readManifests(ctx context.Context, x *index, at place, found []store.Found) (*folder, error) {
	st, closer, err := at.open()
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	f := &folder{place: at, objects: map[string]store.Found{}, named: map[string]int{}}
	for _, o := range found {
		f.objects[o.Name] = o
		if !x.mayBeManifest(o.Name) {
			continue
		}
		d := c.readManifest(ctx, st, at, o)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if d.Manifest == nil && d.wasRead() && !x.isManifest(o.Name) { // XML of somebody else
			continue
		}
		f.manifests = append(f.manifests, d)
		if d.Manifest != nil {
			for _, p := range d.Image.Parts {
				f.named[p.Name]++
			}
		}
	}
	return f, nil
}

// readManifest reads a manifest, unless it was read before and is the same still.
func (c *Collector) readManifest(ctx context.Context, st bundle.Store, at place, o store.Found) document {
	if d, ok := c.docs.get(at.loc, o); ok {
		return d
	}
	d := document{name: o.Name}
	doc, err := bundle.ReadManifest(ctx, st, o.Name)
	if err == nil {
		d.digest = registry.DigestManifest(doc)
		d.Manifest, err = manifest.Parse(doc)
	}
	if err == nil {
		err = d.CheckName(o.Name)
	}
	if err != nil {
		d.Manifest, d.err = nil, err
		return d
	}
	if time.Since(o.Modified) > settled {
		c.docs.put(at.loc, o, d)
	}
	return d
}

// wasRead reports whether what is there was read, or would have been if it were not too long for a manifest.
func (d document) wasRead() bool { return d.digest != "" || errors.Is(d.err, bundle.ErrVerify) }

// vanished reports whether the manifest was removed after the folder was listed.
func (d document) vanished() bool {
	return errors.Is(d.err, fs.ErrNotExist) && !errors.Is(d.err, store.ErrBucket)
}

// checkParts refuses a manifest by which somebody could be after the files of others: to delete what it names.
func (d document) checkParts() error {
	for _, p := range d.Image.Parts {
		if _, ok := bundle.SplitPartName(p.Name); !ok {
			return fmt.Errorf("it names %q, which is not called like a part", p.Name)
		}
	}
	return nil
}

// settled is how old a manifest is that can be told from a later one of the same name by its time: S3 counts
// seconds.
const settled = time.Minute

// A cache keeps the manifests of the last folder. To act on many findings in one folder would be to read all of its
// manifests as many times.
type cache struct {
	mu   sync.Mutex
	loc  store.Location
	docs map[store.Found]document
}

func (c *cache) get(loc store.Location, o store.Found) (document, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.docs[o]
	return d, ok && c.loc == loc
}

func (c *cache) put(loc store.Location, o store.Found, d document) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loc != loc || c.docs == nil {
		c.loc, c.docs = loc, map[store.Found]document{}
	}
	c.docs[o] = d
}
