package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"amiforge/internal/cli"
	"amiforge/internal/gc"
	"amiforge/internal/regions"
	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// A gcOptions is what --gc comes with.
type gcOptions struct {
	on       bool
	yes      bool
	age      string
	keepTags []string

	minAge time.Duration
	keep   []gc.Tag
}

func (o *gcOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.on, "gc", false, "")
	f.BoolVarP(&o.yes, "yes", "y", false, "")
	f.StringVar(&o.age, "min-age", "24h", "")
	f.StringArrayVar(&o.keepTags, "keep-tag", nil, "")
}

// check tells what is wrong with the flags, and reads them.
func (o *gcOptions) check(f *pflag.FlagSet, args []string, deleteBundle bool) (err error) {
	if !o.on {
		return o.checkOff(f)
	}
	if deleteBundle {
		return cli.Usagef("--delete-bundle is for one image: --gc finds bundles itself")
	}
	for _, arg := range args {
		if registry.CheckID(arg) == nil {
			return cli.Usagef("--gc finds images itself: leave out %s", arg)
		}
	}
	if o.minAge, err = cli.ParseAge(o.age); err != nil {
		return cli.Usagef("--min-age %q: %w", o.age, err)
	}
	for _, tag := range o.keepTags {
		key, value, hasValue := strings.Cut(tag, "=")
		if key == "" {
			return cli.Usagef("--keep-tag %q: want KEY or KEY=VALUE", tag)
		}
		o.keep = append(o.keep, gc.Tag{Key: key, Value: value, Any: !hasValue})
	}
	return nil
}

func (o *gcOptions) checkOff(f *pflag.FlagSet) error {
	for _, name := range []string{"yes", "min-age", "keep-tag"} {
		if f.Changed(name) {
			return cli.Usagef("--%s goes with --gc", name)
		}
	}
	return nil
}

// collect finds what nobody needs in the locations, prints it, and removes it if that is wanted.
func (o *gcOptions) collect(ctx context.Context, e *cli.Env, by registry.Caller, locations []string) error {
	c := &gc.Collector{
		By: by, Region: e.GivenRegion(), MinAge: o.minAge, Keep: o.keep, Config: e.StoreConfigOf, Narrow: len(locations) > 0,
	}
	given, err := places(locations)
	if err != nil {
		return err
	}
	near := store.Location{}
	if len(given) > 0 {
		near = given[0]
	}
	engine, at, err := e.OpenRegistry(ctx, near)
	if err != nil {
		return err
	}
	defer engine.Close()
	if _, isEC2 := registry.EC2Region(at); isEC2 && by.Account == "" {
		return cli.Usagef("--gc with EC2 takes --account ACCOUNT: EC2 hides the images of others, and their bundles are not garbage")
	}
	c.Engine = engine
	if err := openTrees(ctx, e, c, given, at); err != nil {
		return err
	}
	plan, err := c.Find(ctx)
	if err != nil {
		return err
	}
	r := newReport(e, plan, c)
	if !o.yes || e.DryRun {
		return r.plan()
	}
	return r.act(ctx, c)
}

// openTrees opens what is to be looked through: the given locations, each as the region says that has it, else the store
// of the region, else where the registry is.
func openTrees(ctx context.Context, e *cli.Env, c *gc.Collector, given []store.Location, at string) error {
	if own, err := store.ParseLocation(at); err == nil { // otherwise the registry is in no store
		if c.Own, err = place(own); err != nil {
			return err
		}
	}
	region, err := e.FindImageRegion()
	if err != nil {
		return err
	}
	roots := given
	if len(roots) == 0 {
		if roots, err = defaultRoots(region, c.Own, at); err != nil {
			return err
		}
	}
	if c.Foreign, err = e.ForeignStores(region, at, roots...); err != nil {
		return err
	}
	for _, root := range outermost(roots) {
		tree, err := openTree(ctx, e, region, root, c.Own)
		if err != nil {
			return err
		}
		c.Trees = append(c.Trees, tree)
	}
	return nil
}

// openTree opens what is at root as the regions file says it is reached. It is an error if the registry, which is at
// own, is in a bucket of the same name on another server: its images are not about these bundles.
func openTree(ctx context.Context, e *cli.Env, region regions.Region, root, own store.Location) (*store.Tree, error) {
	cfg, err := e.StoreConfigAt(region, root)
	if err != nil {
		return nil, err
	}
	if root.Bucket != "" && root.Bucket == own.Bucket {
		if err := checkServer(e, region, root, own, cfg); err != nil {
			return nil, err
		}
	}
	return store.OpenTree(ctx, root, cfg)
}

func checkServer(e *cli.Env, region regions.Region, root, own store.Location, cfg store.Config) error {
	ownCfg, err := e.StoreConfigAt(region, own)
	if err != nil {
		return err
	}
	theirs, err := ownCfg.Server()
	if err != nil {
		return err
	}
	server, err := cfg.Server()
	if err == nil && server != theirs {
		err = cli.Usagef("%s is on %s, the registry %s is on %s: name the right one with --region or --registry", root, server, own, theirs)
	}
	return err
}

func defaultRoots(region regions.Region, own store.Location, at string) ([]store.Location, error) {
	_, isEC2 := registry.EC2Region(at)
	switch {
	case region.Store != (store.Location{}):
		root, err := place(region.Store)
		return []store.Location{root}, err
	case own != (store.Location{}):
		return []store.Location{own}, nil
	case isEC2: // there are its images to look at
		return nil, nil
	}
	return nil, cli.Usagef("where are the bundles? the registry %s has no store: add s3://BUCKET or a directory, or --regions FILE", at)
}

func places(locations []string) ([]store.Location, error) {
	var given []store.Location
	for _, location := range locations {
		loc, err := store.ParseLocation(location)
		if err != nil {
			return nil, cli.Usagef("%w", err)
		}
		if strings.Contains(loc.Object("x"), "/.registry/") {
			return nil, cli.Usagef("%s: what is below .registry/ is the registry's, and no place for bundles", loc)
		}
		if loc, err = place(loc); err != nil {
			return nil, err
		}
		given = append(given, loc)
	}
	return given, nil
}

// place returns a location as images name it: a directory by its absolute path without symbolic links.
func place(loc store.Location) (store.Location, error) {
	if loc.Bucket != "" {
		return loc, nil
	}
	dir, err := filepath.EvalSymlinks(loc.Dir)
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = fmt.Errorf("%s: %w", loc, p.Err)
	}
	return store.Location{Dir: dir}, err
}

// outermost returns the locations that are in none of the others.
func outermost(roots []store.Location) []store.Location {
	var out []store.Location
	for i, loc := range roots {
		inside := func(other store.Location) bool { return loc != other && contains(other, loc) }
		if !slices.ContainsFunc(roots, inside) && !slices.Contains(roots[:i], loc) {
			out = append(out, loc)
		}
	}
	return out
}

func contains(outer, inner store.Location) bool {
	return strings.HasPrefix(inner.Object("x"), strings.TrimSuffix(outer.Object("x"), "x"))
}

// errorsOf is several errors of which the first decides how the command ends.
type errorsOf []error

func (e errorsOf) Error() string { return errors.Join(e...).Error() }

func (e errorsOf) Unwrap() error { return e[0] }
