package registry

import (
	"slices"
	"strings"
)

// EC2's limits on the tags of an image; lengths in characters.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// Label returns the change that gives the image tags: a key that it has gets the new value.
func Label(tags ...Tag) Change {
	return func(d *edit) error {
		labels := slices.Clone(d.Tags)
		for _, t := range tags {
			i := slices.IndexFunc(labels, func(has Tag) bool { return has.Key == t.Key })
			if i < 0 {
				labels = append(labels, t)
				continue
			}
			labels[i] = t
		}
		d.Tags = labels
		return nil
	}
}

// Unlabel returns the change that removes the tags with these keys.
func Unlabel(keys ...string) Change {
	return func(d *edit) error {
		gone := func(t Tag) bool { return slices.Contains(keys, t.Key) }
		d.Tags = without(d.Tags, gone)
		return nil
	}
}

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
