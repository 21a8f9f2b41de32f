package registry

import "cmp"

// A Query says which images to describe. Empty fields match every image.
type Query struct {
	// IDs asks for exactly these images, in this order, pending and failed ones included. One that is
	// unknown, deregistered or in another region than Region is InvalidAMIID.NotFound; one whose record
	// cannot be understood is an *UnreadableError.
	IDs []string

	Owner    string // an account
	Region   string
	Name     string
	Location string // of the manifest, see Image

	IncludePending      bool // also those whose registration is under way or was cut short
	IncludeDeregistered bool
}

// A Listing is the answer to a query: the images, by creation date and then ID unless the query gave IDs.
type Listing struct {
	Images     []Image
	Unreadable []error // *UnreadableError, for each record that could not be understood; none with IDs
}

func (q Query) check() error {
	for _, id := range q.IDs {
		if err := CheckID(id); err != nil {
			return err
		}
	}
	return nil
}

// finds reports whether the image is one that a query by its ID finds.
func (q Query) finds(m Image) bool {
	return is(q.Region, m.Region) && (m.State != Deregistered || q.IncludeDeregistered)
}

func (q Query) matches(m Image) bool {
	return is(q.Owner, m.Owner) && is(q.Region, m.Region) && is(q.Name, m.Name) &&
		is(q.Location, m.Location) && q.shows(m.State)
}

func (q Query) shows(s State) bool {
	switch s {
	case Deregistered:
		return q.IncludeDeregistered
	case Pending:
		return q.IncludePending || len(q.IDs) > 0
	case Failed:
		return len(q.IDs) > 0
	default:
		return true
	}
}

func is(want, value string) bool { return want == "" || want == value }

// byCreation orders images by creation date; ties by ID, so that every listing has the same order.
func byCreation(a, b Image) int {
	return cmp.Or(a.CreationDate.Compare(b.CreationDate.Time), cmp.Compare(a.ID, b.ID))
}
