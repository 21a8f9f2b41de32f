// Package gc finds what nobody needs any more between a registry and the stores of its bundles, and removes it:
//
//	bundle       a manifest that no living image names, with the parts that no other manifest names
//	half-upload  parts NAME.part.N without a manifest, told by names and sizes alone
//	image        an available or disabled image whose manifest is gone
//	copy         a pending copy on which nobody works any more
//	registration what a registration that was killed left pending
//
// It says too what it does nothing about: manifests that nobody can read, images with parts missing or with another
// manifest than the registered one.
//
// Find looks and changes nothing. Act does one of the things found, and judges it anew before. For a deletion it locks
// the bundle where the store has locks, reads the registry, unless it did so in the last seconds, then the folder, and
// acts only if it finds the same again and, of a bundle, the registry, asked once more, has no image at that very
// location, be it one whose registration is under way or was cut short: that is ended, while it is pending, and its
// bundle goes in a later run. What remains is the time from that answer to the last deletion, and some seconds for an
// image that names the bundle in another way. Somebody may register the bundle in it: ami-register, which looks for all
// parts first, then registers a bundle that is going. No lock spans a registry and a store, and a bucket has none, so
// only MinAge keeps the two apart.
//
// What is not surely garbage stays. Age counts from when an object came to its place, and for a bundle from the end
// of its image too. While a record cannot be read, or if the registry has no image at all and so is likely the wrong
// one, no object is deleted. What lies below another registry, or in its store, stays, and so does a bundle whose
// manifest is that of a living image which is not seen to have it elsewhere: the image may name it in another way, as
// another machine mounts it. So does what is in a folder that is called by the ID of a living image.
package gc

import (
	"context"
	"slices"
	"strings"
	"time"

	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// A Kind says what a finding is.
type Kind string

// The kinds of findings. On those from Incomplete on, nothing is done.
const (
	Bundle     Kind = "bundle"
	HalfUpload Kind = "half-upload"
	Image      Kind = "image"
	Copy       Kind = "copy"

	Registration Kind = "registration" // one that was killed: what it left keeps its bundle

	Incomplete Kind = "incomplete" // an image some of whose parts are missing
	Changed    Kind = "changed"    // an image whose manifest is another one than when it was registered
	Unreadable Kind = "unreadable" // a manifest that cannot be understood
	Foreign    Kind = "registry"   // another registry, or its store: the bundles below belong to it
)

// An Action is what Act does about a finding.
type Action string

// The actions. A finding that is kept says why.
const (
	Keep       Action = "keep"
	Delete     Action = "delete"
	Deregister Action = "deregister"
	Abort      Action = "abort"
)

// A Finding is something that may be garbage.
type Finding struct {
	Kind    Kind
	Target  string // an image's ID, the location of a manifest, or that of parts, NAME.part.*
	Why     string
	Age     time.Duration
	Bytes   int64 // of the objects that are there and go with it
	Objects int
	Action  Action

	at       place
	image    registry.Image
	name     string   // of the bundle
	digest   string   // of its manifest's bytes; "" where it has none
	manifest string   // its name
	parts    []string // that are to be deleted
}

// A Collector looks for garbage.
type Collector struct {
	Engine registry.Engine
	Own    store.Location // where the registry is; zero if it is in no store

	// Trees are what to look through, and Foreign the stores of other registries, as far as they are known. Directories
	// are absolute and without symbolic links.
	Trees   []*store.Tree
	Foreign []store.Location
	Narrow  bool // only images with bundles in the trees are looked at

	// Config tells how to reach the bundle of an image: in no tree, or in one if that is on the same server.
	Config func(registry.Image) (store.Config, error)

	By     registry.Caller // an account: only what is its own is looked at; a must where the registry is EC2
	Region string          // only images of this region are looked at; "" is every region
	MinAge time.Duration   // what is younger is left alone
	Keep   []Tag           // images that have one of these are left alone, with their bundles

	Now func() time.Time // time.Now if nil

	met    []store.Location // other registries that Find came to
	others outside
	docs   cache
	again  *index    // the registry as Act has read it lately
	read   time.Time // when that was
}

// A Plan is what Find found.
type Plan struct {
	Findings []Finding // by kind, then target
	Errors   []error   // of records and folders that could not be read
}

// A Tag is that of an image. It has any value if Any is set.
type Tag struct {
	Key, Value string
	Any        bool
}

func (c *Collector) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// age returns how long ago a time was. Clocks differ: what is in the future is new.
func (c *Collector) age(t time.Time) time.Duration { return max(c.now().Sub(t), 0) }

func (c *Collector) old(t time.Time) bool { return c.age(t) >= c.MinAge }

// keeps reports whether one of the image's tags says that it is to be left alone.
func (c *Collector) keeps(m registry.Image) bool {
	return slices.ContainsFunc(m.Tags, func(t registry.Tag) bool {
		return slices.ContainsFunc(c.Keep, func(keep Tag) bool {
			return t.Key == keep.Key && (keep.Any || t.Value == keep.Value)
		})
	})
}

// concerns reports whether the image is one that is looked at itself. All others still keep their bundles.
func (c *Collector) concerns(m registry.Image) bool {
	if c.By.Account != "" && m.Owner != c.By.Account || c.Region != "" && m.Region != c.Region || c.keeps(m) {
		return false
	}
	return m.RootDeviceType != "ebs" && (!c.Narrow || c.inTrees(m.Location))
}

func (c *Collector) inTrees(location string) bool {
	return slices.ContainsFunc(c.Trees, func(t *store.Tree) bool { return lies(location, t.Location()) })
}

// lies reports whether a location is below loc.
func lies(location string, loc store.Location) bool {
	return strings.HasPrefix(location, folderKey(loc))
}

// folderKey returns what the locations of the objects in a folder begin with.
func folderKey(loc store.Location) string { return folderOf(loc.Object("x")) }

// folderOf returns a location up to its last slash.
func folderOf(location string) string { return location[:strings.LastIndexByte(location, '/')+1] }

// Find looks through the trees and at the images. Its error says that something could not be looked at without
// which nothing can be said.
func (c *Collector) Find(ctx context.Context) (*Plan, error) {
	x, err := c.readIndex(ctx)
	if err != nil {
		return nil, err
	}
	c.met = nil
	w := &walk{Collector: c, index: x, found: map[string]bool{}}
	if err := w.trees(ctx); err != nil {
		return nil, err
	}
	if err := w.images(ctx); err != nil {
		return nil, err
	}
	findings := w.withoutForeign()
	slices.SortFunc(findings, inOrder)
	for i := range findings {
		findings[i].parts = nil // Act looks again; a plan of many bundles stays small
	}
	return &Plan{Findings: findings, Errors: append(x.unreadable, w.errs...)}, nil
}

// kinds are the kinds in the order of a plan.
func kinds() []Kind {
	return []Kind{Bundle, HalfUpload, Image, Copy, Registration, Incomplete, Changed, Unreadable, Foreign}
}

func inOrder(a, b Finding) int {
	if a.Kind != b.Kind {
		return slices.Index(kinds(), a.Kind) - slices.Index(kinds(), b.Kind)
	}
	return strings.Compare(a.Target, b.Target)
}
