package gc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"amiforge/bundle"
	"amiforge/internal/registry"
)

// errOther says that what a finding is about has changed since.
var errOther = errors.New("it has changed since it was looked at")

// Act does what the finding says, after it has found the same again, and returns it as it was found then. What has
// changed in between is kept: then the finding says so, and there is no error. Act may be called again after an
// error or a crash: what is left is found again. It must not be called concurrently.
func (c *Collector) Act(ctx context.Context, f Finding) (Finding, error) {
	act := map[Action]func(context.Context, Finding) (Finding, error){
		Delete: c.remove, Deregister: c.deregister, Abort: c.abort,
	}[f.Action]
	if act == nil {
		return f, nil
	}
	done, err := act(ctx, f)
	if errors.Is(err, errOther) {
		f.Action, f.Why = Keep, errOther.Error()
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("%s %s: %w", f.Kind, f.Target, err)
	}
	return done, nil
}

// deregister ends an image whose manifest is missing still.
func (c *Collector) deregister(ctx context.Context, f Finding) (Finding, error) {
	m, err := c.latest(ctx, f.image)
	if err != nil {
		return f, err
	}
	missing, err := c.missing(ctx, m)
	if err != nil {
		return f, err
	}
	if !missing {
		return f, errOther
	}
	_, err = c.Engine.Deregister(ctx, m.ID, c.By)
	return f, unlessEnded(err)
}

// abort ends a copy that is stale still, and then deletes what is in its folder, which is as any garbage then. A
// registration that was cut short is ended if it is pending still.
func (c *Collector) abort(ctx context.Context, f Finding) (Finding, error) {
	m, err := c.latest(ctx, f.image)
	if err != nil {
		return f, err
	}
	if f.Kind == Registration {
		return f, unlessEnded(c.Engine.AbortCopy(ctx, m.ID, errCutShort))
	}
	again := slices.DeleteFunc(c.copy(ctx, m), func(g Finding) bool { return !m.Copying() || g.Action != Abort })
	if len(again) == 0 {
		return f, errOther
	}
	if err := c.Engine.AbortCopy(ctx, m.ID, errIdle); err != nil {
		return f, unlessEnded(err)
	}
	f = again[0]
	if f.at.base() != m.ID || c.isForeign(m.Location) {
		return f, nil
	}
	return f, c.empty(ctx, f.at)
}

// unlessEnded returns err, or errOther where it says that the image has reached its end otherwise.
func unlessEnded(err error) error {
	if registry.HasCode(err, registry.IDUnavailable) {
		return errOther
	}
	return err
}

// latest returns the image as it is now, or errOther if it is none to act on any more.
func (c *Collector) latest(ctx context.Context, was registry.Image) (registry.Image, error) {
	listing, err := c.Engine.Describe(ctx, registry.Query{IDs: []string{was.ID}})
	if errors.Is(err, fs.ErrNotExist) {
		return registry.Image{}, errOther
	}
	if err != nil {
		return registry.Image{}, err
	}
	m := listing.Images[0]
	m.Location = spelled(m.Location)
	if m.State != was.State || m.Location != was.Location || !c.concerns(m) {
		return registry.Image{}, errOther
	}
	return m, nil
}

// empty deletes the garbage in a folder.
func (c *Collector) empty(ctx context.Context, at place) error {
	c.again = nil // the copy that was aborted is among its images
	findings, err := c.reread(ctx, at)
	if errors.Is(err, errOther) { // nothing was put there
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range findings {
		if f.Action != Delete {
			continue
		}
		if _, err := c.remove(ctx, f); err != nil && !errors.Is(err, errOther) {
			return err
		}
	}
	return nil
}

// reread judges a folder anew.
func (c *Collector) reread(ctx context.Context, at place) ([]Finding, error) {
	x, err := c.freshIndex(ctx)
	if err != nil {
		return nil, err
	}
	found, err := at.tree.Folder(ctx, at.loc, x.wanted())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errOther
	}
	if err != nil {
		return nil, err
	}
	f, err := c.readManifests(ctx, x, at, found.Objects)
	if err != nil {
		return nil, err
	}
	return c.judge(ctx, x, f), nil
}

// fresh is for how long Act goes by one reading of the registry.
const fresh = 5 * time.Second

// freshIndex returns the registry as it was read lately, or as it is.
func (c *Collector) freshIndex(ctx context.Context) (*index, error) {
	if c.again != nil && c.age(c.read) < fresh {
		return c.again, nil
	}
	x, err := c.readIndex(ctx)
	if err != nil {
		return nil, err
	}
	c.again, c.read = x, c.now()
	return x, nil
}

// unused returns an error if an image has come to have the manifest of a bundle.
func (c *Collector) unused(ctx context.Context, f Finding) error {
	users, err := registry.Users(ctx, c.Engine, f.Target)
	if err == nil && len(users) > 0 {
		err = errOther
	}
	return err
}

// stillHalf is nil if the manifest of a half upload has not come meanwhile.
func (f Finding) stillHalf(ctx context.Context, st bundle.Store) error {
	_, err := st.Stat(ctx, bundle.ManifestName(f.name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = errOther
	}
	return err
}
