package registry

// A State is where an image is in its life. States that this version does not know are those of a living
// image: a later version may add some.
type State string

// An image starts as pending and becomes available, or failed where its registration was not finished. An
// available one may be disabled, so that nobody launches it, and enabled again.
// Failed and deregistered images are dead: they never come back.
const (
	Pending      State = "pending"
	Available    State = "available"
	Disabled     State = "disabled"
	Failed       State = "failed"
	Deregistered State = "deregistered"
)

// Dead reports whether the state is final: what is dead never lives again, however old the read.
func (s State) Dead() bool { return s == Failed || s == Deregistered }
