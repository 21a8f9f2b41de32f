package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"amiforge/internal/cli"
	"amiforge/internal/registry"
	"amiforge/manifest"
)

// modify makes the changes of the command line, in one step.
func (o *options) modify(ctx context.Context, e *cli.Env, engine registry.Engine, by registry.Caller) error {
	before, err := o.before(ctx, engine)
	if err != nil {
		return err
	}
	grants, err := o.grantNotes(e)
	if err != nil {
		return err
	}
	if err := o.audit(ctx, e, engine, by); err != nil {
		return err
	}
	after, err := engine.Modify(ctx, o.id, by, o.changes()...)
	if err != nil {
		return withUnblocking(ctx, e, engine, o.id, err)
	}
	for _, note := range append(o.notes(before, after), grants...) {
		e.Notef("%s", note)
	}
	listing := &registry.Listing{Images: []registry.Image{after}}
	return e.Result("", listing.Document())
}

// before returns the image as it was, where something is to be said about that. It is looked at as the administrator
// does: whether the caller may change it, Modify tells.
func (o *options) before(ctx context.Context, engine registry.Engine) (registry.Image, error) {
	if !o.disable {
		return registry.Image{}, nil
	}
	return find(ctx, engine, o.id)
}

func find(ctx context.Context, engine registry.Engine, id string) (registry.Image, error) {
	listing, err := engine.Describe(ctx, registry.Query{IDs: []string{id}, IncludeDeregistered: true})
	if err != nil {
		return registry.Image{}, err
	}
	return listing.Images[0], nil
}

func (o *options) changes() []registry.Change {
	var changes []registry.Change
	if o.given("description") {
		changes = append(changes, registry.DescribeAs(o.description))
	}
	if len(o.tags) > 0 {
		changes = append(changes, registry.Label(o.labels()...))
	}
	if len(o.untags) > 0 {
		changes = append(changes, registry.Unlabel(o.untags...))
	}
	if o.given("launched") {
		changes = append(changes, registry.Launched(o.launchTime))
	}
	changes = append(changes, o.lifeChanges()...)
	if add := permissions(o.public, o.addUsers, o.addOrgs, o.addUnits); len(add) > 0 {
		changes = append(changes, registry.Share(add...))
	}
	if remove := permissions(o.private, o.removeUsers, o.removeOrgs, o.removeUnits); len(remove) > 0 {
		changes = append(changes, registry.Unshare(remove...))
	}
	return changes
}

func (o *options) lifeChanges() (changes []registry.Change) {
	if o.given("deprecate-at") {
		changes = append(changes, registry.DeprecateAt(o.deprecation))
	}
	for _, c := range []struct {
		wanted bool
		change registry.Change
	}{
		{o.undeprecate, registry.Undeprecate()},
		{o.protect == "cooldown", registry.ProtectWithCooldown()},
		{o.protect == string(registry.Protected), registry.Protect()},
		{o.unprotect, registry.Unprotect()},
		{o.disable, registry.Disable()},
		{o.enable, registry.Enable()},
	} {
		if c.wanted {
			changes = append(changes, c.change)
		}
	}
	return changes
}

// labels returns the tags of the command line. One without a value has an empty one.
func (o *options) labels() (tags []registry.Tag) {
	for _, text := range o.tags {
		key, value, _ := strings.Cut(text, "=")
		tags = append(tags, registry.Tag{Key: key, Value: value})
	}
	return tags
}

func permissions(everybody bool, users, organizations, units []string) (list []registry.LaunchPermission) {
	if everybody {
		list = append(list, registry.LaunchPermission{Group: "all"})
	}
	for _, user := range users {
		list = append(list, registry.LaunchPermission{UserID: user})
	}
	for _, arn := range organizations {
		list = append(list, registry.LaunchPermission{OrganizationARN: arn})
	}
	for _, arn := range units {
		list = append(list, registry.LaunchPermission{OrganizationalUnitARN: arn})
	}
	return list
}

// withoutDashes makes accounts what the registry knows. What is none is refused there, with EC2's code.
func withoutDashes(users []string) {
	for i, user := range users {
		if account, err := manifest.ParseUser(user); err == nil {
			users[i] = account
		}
	}
}

// withUnblocking adds to EC2's refusal to make an image public, which names a call of its API, our command for that.
func withUnblocking(ctx context.Context, e *cli.Env, engine registry.Engine, id string, err error) error {
	refusal, ok := errors.AsType[*registry.Error](err)
	if !ok || !strings.Contains(refusal.Message, "DisableImageBlockPublicAccess") {
		return err
	}
	image, failed := find(ctx, engine, id)
	if failed != nil {
		return err
	}
	command := fmt.Sprintf("ami-modify --block-public-access off --account %s --region %s", image.Owner, image.Region)
	if e.Flags().Changed("registry") {
		command += " --registry " + e.Registry
	}
	return fmt.Errorf("%w\nthis lifts the block: %s", err, command)
}
