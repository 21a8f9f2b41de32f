package registry

import (
	"context"
	"slices"
	"time"
)

// A Change alters one thing about an image. The changes of one Modify are made in their order and then
// judged together: what the image becomes counts, not what it is in between.
type Change func(*edit) error

// An edit is an image while it is changed.
type edit struct {
	Image
	before Image
	now    time.Time
	dated  bool // a change was about the deprecation date

	launched bool // a change was about a launch

	publicBlocked func() (bool, error)
}

// Modify reads, changes and replaces the image's record, again from the start where another writer came first.
func (e *objects) Modify(ctx context.Context, id string, by Caller, changes ...Change) (Image, error) {
	if err := CheckID(id); err != nil {
		return Image{}, err
	}
	if len(changes) == 0 {
		return Image{}, missing("attribute")
	}
	m, err := e.update(ctx, id, func(m *Image) error {
		if err := by.MayChange(*m); err != nil {
			return err
		}
		d := &edit{Image: *m, before: *m, now: e.now()}
		d.publicBlocked = func() (bool, error) { return e.BlockPublicAccess(ctx, d.Region, d.Owner) }
		err := d.apply(changes)
		*m = d.Image
		return err
	})
	if err != nil {
		return Image{}, err
	}
	return m, nil
}

// apply makes and judges the changes. They replace lists and never write into them: before has the same ones.
func (d *edit) apply(changes []Change) error {
	if d.State == Pending || d.State.Dead() {
		return d.unavailable()
	}
	if err := d.make(changes); err != nil {
		return err
	}
	return d.judge()
}

func (d *edit) make(changes []Change) error {
	for _, change := range changes {
		if err := change(d); err != nil {
			return err
		}
	}
	return nil
}

// judge returns the first rule that the image breaks as the changes left it.
func (d *edit) judge() error {
	if !slices.Equal(d.Tags, d.before.Tags) {
		if err := d.checkTags(); err != nil {
			return err
		}
	}
	if err := d.judgeShares(); err != nil {
		return err
	}
	return d.judgeDeprecation()
}

// DescribeAs returns the change of an image's description, at most 255 characters.
func DescribeAs(text string) Change {
	return func(d *edit) error {
		d.Description = text
		return checkText("description", text, maxDescription)
	}
}

// Launched returns the change that records a launch at a time that is not in the future. The last launch
// stays the last, whatever the order in which launches are recorded.
func Launched(at time.Time) Change {
	return func(d *edit) error {
		d.launched = true
		if at.After(d.now) {
			return invalid("lastLaunchedTime", TimeOf(at).String(), "It is not in the future.")
		}
		if at.After(d.LastLaunchedTime.Time) {
			d.LastLaunchedTime = TimeOf(at)
		}
		return nil
	}
}

// Disable returns the change that keeps everyone from launching the image. Its shares are removed.
func Disable() Change {
	return func(d *edit) error {
		if d.State != Available && d.State != Disabled {
			return d.unavailable()
		}
		d.State, d.LaunchPermissions = Disabled, nil
		return nil
	}
}

// Enable returns the change that takes Disable back, but for the shares: they do not return.
func Enable() Change {
	return func(d *edit) error {
		if d.State != Available && d.State != Disabled {
			return d.unavailable()
		}
		d.State = Available
		return nil
	}
}
