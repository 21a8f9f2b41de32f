package registry

import "strings"

// EC2's limits on the tags of an image; lengths in characters.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

func (m Image) checkTags() error {
	if len(m.Tags) > maxTags {
		return &Error{Code: TagLimit, Message: "An image has at most 50 tags."}
	}
	seen := map[string]bool{}
	for _, t := range m.Tags {
		if t.Key == "" || seen[t.Key] || strings.HasPrefix(t.Key, "aws:") {
			return invalid("tagKey", t.Key, "Keys are not empty, differ and do not begin with aws:.")
		}
		seen[t.Key] = true
		if err := checkText("tagKey", t.Key, maxTagKey); err != nil {
			return err
		}
		if err := checkText("tagValue", t.Value, maxTagValue); err != nil {
			return err
		}
	}
	return nil
}
