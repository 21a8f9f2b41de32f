package registry

import (
	"cmp"
	"slices"
)

// A Query says which images to describe. Empty fields match every image.
type Query struct {
	// As is who asks: an account sees its own images, the public ones and those shared with it, and of its
	// own alone with whom they are shared, but for the group all. The administrator sees everything.
	As Caller

	// IDs asks for exactly these images, in this order; pending, failed, deprecated and disabled ones
	// included. One that is unknown, deregistered, not to be seen by As or in another region than Region is
	// InvalidAMIID.NotFound; one whose record cannot be understood is an *UnreadableError.
	IDs []string

	Owner    string // an account; with EC2 also self, whose the credentials are, and its other words
	Region   string
	Name     string
	Location string // of the manifest, see Image

	// AnyOwner says that images of everybody are meant, where the query says nothing else of whose: EC2 has so many
	// that they are not meant otherwise.
	AnyOwner bool

	// ExecutableBy asks for the images that are shared with any of these: all (the public ones), self (shared
	// with As, by its organizations too) or an account.
	ExecutableBy []string

	// Filters all have to pass. One on the state that names a state in full includes the images in it.
	Filters []Filter

	IncludeDeprecated   bool // also those of others
	IncludeDisabled     bool
	IncludePending      bool // also those whose registration is under way or was cut short; copies always are
	IncludeDeregistered bool
}

// A Listing is the answer to a query: the images, by creation date and then ID unless the query gave IDs.
type Listing struct {
	Images     []Image
	Unreadable []error // *UnreadableError, for each record that could not be understood; none with IDs

	as Caller // who asked
}

// Latest leaves the newest image alone: of several of one date, the one with the greatest ID.
func (l *Listing) Latest() {
	if len(l.Images) > 0 {
		l.Images = []Image{slices.MaxFunc(l.Images, byCreation)}
	}
}

func (q Query) check() error {
	for _, id := range q.IDs {
		if err := CheckID(id); err != nil {
			return err
		}
	}
	for _, f := range q.Filters {
		if err := f.check(); err != nil {
			return err
		}
	}
	return q.checkExecutable()
}

// finds reports whether the image is one that a query by its ID finds.
func (q Query) finds(m Image) bool {
	return is(q.Region, m.Region) && (m.State != Deregistered || q.IncludeDeregistered)
}

// matches reports whether the image is one that the query asks for, its filters apart.
func (q Query) matches(m Image) bool {
	return is(q.Owner, m.Owner) && is(q.Region, m.Region) && is(q.Name, m.Name) &&
		is(q.Location, m.Location) && q.shows(m) && q.executable(m)
}

func (q Query) shows(m Image) bool {
	if q.asksFor(m.State) {
		return true
	}
	switch m.State {
	case Deregistered:
		return q.IncludeDeregistered
	case Pending:
		return q.IncludePending || m.Copying() || len(q.IDs) > 0
	case Disabled:
		return q.IncludeDisabled || len(q.IDs) > 0
	case Failed:
		return len(q.IDs) > 0
	default:
		return true
	}
}

// asksFor reports whether a filter names the state.
func (q Query) asksFor(s State) bool {
	return slices.ContainsFunc(q.Filters, func(f Filter) bool {
		return f.Name == stateFilter && slices.Contains(f.Values, string(s))
	})
}

func is(want, value string) bool { return want == "" || want == value }

// byCreation orders images by creation date; ties by ID, so that every listing has the same order.
func byCreation(a, b Image) int {
	return cmp.Or(a.CreationDate.Compare(b.CreationDate.Time), cmp.Compare(a.ID, b.ID))
}
