package clean

// A Change is something that the copy has not, or has otherwise.
type Change struct {
	Rule   string `json:"rule"` // of the audit
	Path   string `json:"path"`
	Action Action `json:"action"`
	Files  int    `json:"files,omitempty"` // of a directory that was removed: how many were below it
}

// An Action is what was done to a file.
type Action string

// The actions.
const (
	Removed Action = "removed"
	Emptied Action = "emptied"
	Locked  Action = "locked" // no password opens root's account any more
)
