package registry

import (
	"context"
	"slices"

	"amiforge/internal/ec2query"
)

// requests returns what has to be asked for so that the image becomes what the edit made of it, in the order in which
// the least harm is done where one is refused: less is shared before anything else, more after everything else.
// An image is enabled before it is shared, since a disabled one cannot be.
func (e *ec2) requests(d *edit) []ec2Request {
	return slices.Concat(e.enabling(d), e.unsharing(d), e.protecting(d), e.untagging(d), e.tagging(d),
		e.describing(d), e.dating(d), e.sharing(d), e.disabling(d))
}

func (e *ec2) enabling(d *edit) []ec2Request {
	if d.State != Available || d.before.State != Disabled {
		return nil
	}
	return []ec2Request{{"state", func(ctx context.Context) error {
		_, err := e.client.EnableImage(ctx, &ec2query.ImageInput{ImageID: d.ID, DryRun: e.dryRun})
		return err
	}}}
}

// disabling takes the launch permissions away, too.
func (e *ec2) disabling(d *edit) []ec2Request {
	if !d.disables() {
		return nil
	}
	return []ec2Request{{"state", func(ctx context.Context) error {
		_, err := e.client.DisableImage(ctx, &ec2query.ImageInput{ImageID: d.ID, DryRun: e.dryRun})
		return err
	}}}
}

func (d *edit) disables() bool { return d.State == Disabled && d.before.State != Disabled }

// unsharing takes permissions away and, in the same request, gives those that come in their place.
func (e *ec2) unsharing(d *edit) []ec2Request {
	if len(d.unshared()) == 0 || d.disables() {
		return nil
	}
	return e.permitting(d)
}

func (e *ec2) sharing(d *edit) []ec2Request {
	if len(d.unshared()) > 0 || len(d.shared()) == 0 {
		return nil
	}
	return e.permitting(d)
}

func (e *ec2) permitting(d *edit) []ec2Request {
	forEC2 := func(p LaunchPermission) ec2query.LaunchPermission { return ec2query.LaunchPermission(p) }
	permissions := &ec2query.LaunchPermissions{Add: each(d.shared(), forEC2), Remove: each(d.unshared(), forEC2)}
	return []ec2Request{{"launch permissions", func(ctx context.Context) error {
		in := &ec2query.ModifyImageAttributeInput{ImageID: d.ID, LaunchPermission: permissions, DryRun: e.dryRun}
		_, err := e.client.ModifyImageAttribute(ctx, in)
		return err
	}}}
}

func (d *edit) shared() []LaunchPermission {
	return without(d.LaunchPermissions, func(p LaunchPermission) bool { return slices.Contains(d.before.LaunchPermissions, p) })
}

func (d *edit) unshared() []LaunchPermission {
	return without(d.before.LaunchPermissions, func(p LaunchPermission) bool { return slices.Contains(d.LaunchPermissions, p) })
}

func (e *ec2) protecting(d *edit) []ec2Request {
	becomes := d.DeregistrationProtection.spelled()
	if becomes == d.before.DeregistrationProtection.spelled() {
		return nil
	}
	return []ec2Request{{"deregistration protection", func(ctx context.Context) error {
		if becomes == Unprotected {
			_, err := e.client.DisableImageDeregistrationProtection(ctx, &ec2query.ImageInput{ImageID: d.ID, DryRun: e.dryRun})
			return err
		}
		in := &ec2query.EnableImageDeregistrationProtectionInput{
			ImageID: d.ID, WithCooldown: becomes == ProtectedWithCooldown, DryRun: e.dryRun,
		}
		_, err := e.client.EnableImageDeregistrationProtection(ctx, in)
		return err
	}}}
}

// spelled returns the protection in one spelling: none is Unprotected.
func (p Protection) spelled() Protection { return Protection(orElse(string(p), string(Unprotected))) }

func (e *ec2) untagging(d *edit) []ec2Request {
	has := func(key string) bool { return slices.ContainsFunc(d.Tags, func(t Tag) bool { return t.Key == key }) }
	gone := without(d.before.Tags, func(t Tag) bool { return has(t.Key) })
	if len(gone) == 0 {
		return nil
	}
	in := &ec2query.DeleteTagsInput{ResourceIDs: []string{d.ID}, DryRun: e.dryRun}
	in.Tags = each(gone, func(t Tag) ec2query.TagFilter { return ec2query.TagFilter{Key: t.Key} })
	return []ec2Request{{"removed tags", func(ctx context.Context) error {
		_, err := e.client.DeleteTags(ctx, in)
		return err
	}}}
}

func (e *ec2) tagging(d *edit) []ec2Request {
	set := without(d.Tags, func(t Tag) bool { return slices.Contains(d.before.Tags, t) })
	if len(set) == 0 {
		return nil
	}
	in := &ec2query.CreateTagsInput{ResourceIDs: []string{d.ID}, Tags: tagsForEC2(set), DryRun: e.dryRun}
	return []ec2Request{{"tags", func(ctx context.Context) error {
		_, err := e.client.CreateTags(ctx, in)
		return err
	}}}
}

func (e *ec2) describing(d *edit) []ec2Request {
	if d.Description == d.before.Description {
		return nil
	}
	return []ec2Request{{"description", func(ctx context.Context) error {
		in := &ec2query.ModifyImageAttributeInput{
			ImageID: d.ID, Description: &ec2query.AttributeValue{Value: new(d.Description)}, DryRun: e.dryRun,
		}
		_, err := e.client.ModifyImageAttribute(ctx, in)
		return err
	}}}
}

func (e *ec2) dating(d *edit) []ec2Request {
	at := d.DeprecationTime
	if at.Equal(d.before.DeprecationTime.Time) {
		return nil
	}
	return []ec2Request{{"deprecation", func(ctx context.Context) error {
		if at.IsZero() {
			_, err := e.client.DisableImageDeprecation(ctx, &ec2query.ImageInput{ImageID: d.ID, DryRun: e.dryRun})
			return err
		}
		in := &ec2query.EnableImageDeprecationInput{ImageID: d.ID, DeprecateAt: at.Time, DryRun: e.dryRun}
		_, err := e.client.EnableImageDeprecation(ctx, in)
		return err
	}}}
}
