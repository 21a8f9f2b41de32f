package registry

import (
	"context"

	"amiforge/internal/ec2query"
)

// Deregister ends the image. EC2 forgets it within the hour: then it is InvalidAMIID.NotFound rather than
// InvalidAMIID.Unavailable.
func (e *ec2) Deregister(ctx context.Context, id string, by Caller) (Image, error) {
	if err := CheckID(id); err != nil {
		return Image{}, err
	}
	m, err := e.describeOne(ctx, id)
	if err != nil {
		return Image{}, err
	}
	if err := by.MayChange(m); err != nil {
		return m, err
	}
	if m.State == Deregistered {
		return m, m.unavailable()
	}
	_, err = e.client.DeregisterImage(ctx, &ec2query.DeregisterImageInput{ImageID: id, DryRun: e.dryRun})
	if err != nil && !(doubtful(err) && !e.dryRun && e.gone(ctx, id)) {
		return m, refused(err, id)
	}
	m.State = Deregistered
	return m, nil
}

// gone reports whether the image is deregistered, for a request whose answer was lost.
func (e *ec2) gone(ctx context.Context, id string) bool {
	for attempt := range ec2Looks {
		m, err := e.describeOne(ctx, id)
		if HasCode(err, IDNotFound) || err == nil && m.State == Deregistered {
			return true
		}
		if err != nil || e.wait(ctx, pause(attempt)) != nil {
			break
		}
	}
	return false
}
