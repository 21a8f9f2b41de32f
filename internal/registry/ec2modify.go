package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Modify makes of the changes the requests that EC2 has for them, one for each thing that becomes different: what is
// so already is not asked for. The requests are judged one by one, and one that is refused does not take back those
// before it: the error says which these are. Permissions are taken away first and an image is disabled last.
// A launch is not put on record: EC2 does that.
func (e *ec2) Modify(ctx context.Context, id string, by Caller, changes ...Change) (Image, error) {
	if err := CheckID(id); err != nil {
		return Image{}, err
	}
	if len(changes) == 0 {
		return Image{}, missing("attribute")
	}
	m, err := e.load(ctx, id)
	if err != nil {
		return Image{}, err
	}
	if err := by.MayChange(m); err != nil {
		return Image{}, err
	}
	d := &edit{Image: m, before: m, now: e.now()}
	if err := d.makeForEC2(changes); err != nil {
		return Image{}, err
	}
	if err := e.send(ctx, id, e.requests(d)); err != nil {
		return Image{}, err
	}
	return e.changed(ctx, d), nil
}

// load returns the image with its launch permissions.
func (e *ec2) load(ctx context.Context, id string) (Image, error) {
	m, err := e.describeOne(ctx, id)
	if err != nil {
		return Image{}, err
	}
	m.LaunchPermissions, err = e.launchPermissions(ctx, id)
	return m, err
}

// makeForEC2 makes the changes and refuses those that EC2 would carry out as something else.
func (d *edit) makeForEC2(changes []Change) error {
	if err := d.make(changes); err != nil {
		return err
	}
	if d.launched {
		return unsupported("EC2 records the launches of an image itself.")
	}
	if d.State == Disabled && len(d.LaunchPermissions) > 0 { // EC2 would share it and then take that back
		return d.unavailable()
	}
	return nil
}

// An ec2Request is one of those that a change needs.
type ec2Request struct {
	subject string // what it changes, in a message
	send    func(context.Context) error
}

// send sends the requests until one is refused.
func (e *ec2) send(ctx context.Context, id string, requests []ec2Request) error {
	if e.dryRun {
		return rehearse(ctx, id, requests)
	}
	var done []string
	for _, r := range requests {
		err := refused(r.send(ctx), id)
		if err != nil && len(done) > 0 {
			return fmt.Errorf("image %s: %s: %w; changed before that: %s", id, r.subject, err, strings.Join(done, ", "))
		}
		if err != nil {
			return err
		}
		done = append(done, r.subject)
	}
	return nil
}

// rehearse sends every request, since in a dry run none stands on those before it. It never returns nil.
func rehearse(ctx context.Context, id string, requests []ec2Request) error {
	var errs []error
	for _, r := range requests {
		err := refused(r.send(ctx), id)
		if err == nil {
			err = fmt.Errorf("image %s: %s: changed, though a dry run was asked for", id, r.subject)
		}
		if !errors.Is(err, ErrDryRun) {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	return ErrDryRun
}

// changed returns the image as EC2 has it after its changes: it may have added some, such as the deprecation date of
// public images. That it does not tell is no reason to say that they were not made.
func (e *ec2) changed(ctx context.Context, d *edit) Image {
	m, err := e.load(ctx, d.ID)
	if err != nil {
		return d.Image
	}
	return m
}
