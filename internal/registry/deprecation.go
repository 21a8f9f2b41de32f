package registry

import "time"

// For how many years ahead an image may be given a deprecation date, and for how many after its creation a
// public image may go without.
const (
	maxDeprecationYears = 10
	publicYears         = 2
)

// DeprecateAt returns the change of the deprecation date, cut to the minute: not in the past, at most 10
// years ahead, and with a public image at most two years after its creation.
func DeprecateAt(at time.Time) Change {
	return func(d *edit) error {
		if at.Before(d.now.Truncate(time.Minute)) || at.After(d.now.AddDate(maxDeprecationYears, 0, 0)) {
			return invalid("DeprecateAt", TimeOf(at).String(), "It is not in the past and at most 10 years ahead.")
		}
		d.DeprecationTime, d.dated = minuteOf(at), true
		return nil
	}
}

// Undeprecate returns the change that lifts the deprecation date of an image that is not public.
func Undeprecate() Change {
	return func(d *edit) error {
		d.DeprecationTime, d.dated = Time{}, true
		return nil
	}
}

// judgeDeprecation gives a public image the date that it must have, unless that was asked to be otherwise.
func (d *edit) judgeDeprecation() error {
	if !d.Public() {
		return nil
	}
	last := minuteOf(d.CreationDate.AddDate(publicYears, 0, 0))
	switch {
	case !d.DeprecationTime.IsZero() && !d.DeprecationTime.After(last.Time):
		return nil
	case !d.dated:
		d.DeprecationTime = last
		return nil
	case d.DeprecationTime.IsZero():
		return notPermitted(d.ID, "The deprecation of a public image cannot be lifted.")
	default:
		return invalid("DeprecateAt", d.DeprecationTime.String(),
			"A public image is deprecated two years after its creation, on "+last.String()+".")
	}
}

func minuteOf(t time.Time) Time { return Time{t.UTC().Truncate(time.Minute)} }

// deprecated reports whether the image's deprecation date has come.
func (m Image) deprecated(now time.Time) bool {
	return !m.DeprecationTime.IsZero() && !now.Before(m.DeprecationTime.Time)
}
