package registry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Filter keeps the images of which one value called Name matches one of Values. Names are those of EC2's
// DescribeImages. In a value * stands for any characters, ? for any one, and \ takes the next one as it is.
// Case counts.
type Filter struct {
	Name   string
	Values []string
}

// tagFilter begins the name of the filter on the value of a tag: tag:Owner.
const tagFilter = "tag:"

// Filter names that this package itself looks for.
const (
	nameFilter     = "name"
	stateFilter    = "state"
	locationFilter = "manifest-location"
)

// filterable returns what the filters look at: the image's values by the filter's name, none where it has none.
func filterable() map[string]func(Image) []string {
	return map[string]func(Image) []string{
		"architecture":        func(m Image) []string { return []string{m.Architecture} },
		"creation-date":       func(m Image) []string { return []string{m.CreationDate.String()} },
		"description":         func(m Image) []string { return optional(m.Description) },
		"ena-support":         func(m Image) []string { return []string{strconv.FormatBool(m.EnaSupport)} },
		"image-id":            func(m Image) []string { return []string{m.ID} },
		"image-type":          func(m Image) []string { return []string{m.Type} },
		"is-public":           func(m Image) []string { return []string{strconv.FormatBool(m.Public())} },
		"kernel-id":           func(m Image) []string { return optional(m.KernelID) },
		locationFilter:        Image.spellings,
		nameFilter:            func(m Image) []string { return []string{m.Name} },
		"owner-id":            func(m Image) []string { return []string{m.Owner} },
		"platform":            func(m Image) []string { return optional(m.Platform) },
		"product-code":        func(m Image) []string { return each(m.ProductCodes, func(c ProductCode) string { return c.ID }) },
		"product-code.type":   func(m Image) []string { return each(m.ProductCodes, func(c ProductCode) string { return c.Type }) },
		"ramdisk-id":          func(m Image) []string { return optional(m.RamdiskID) },
		"root-device-name":    func(m Image) []string { return optional(m.RootDeviceName) },
		"root-device-type":    func(m Image) []string { return []string{m.RootDeviceType} },
		"source-image-id":     func(m Image) []string { return optional(m.SourceImageID) },
		"source-image-region": func(m Image) []string { return optional(m.SourceImageRegion) },
		"sriov-net-support":   func(m Image) []string { return optional(m.SriovNetSupport) },
		stateFilter:           func(m Image) []string { return []string{string(m.State)} },
		"state-reason-code":   func(m Image) []string { return m.reason(func(r StateReason) string { return r.Code }) },
		"state-reason-message": func(m Image) []string {
			return m.reason(func(r StateReason) string { return r.Message })
		},
		"tag-key":             func(m Image) []string { return each(m.Tags, func(t Tag) string { return t.Key }) },
		"virtualization-type": func(m Image) []string { return []string{m.VirtualizationType} },

		"block-device-mapping.device-name": func(m Image) []string {
			return each(m.BlockDevices, func(d BlockDevice) string { return d.DeviceName })
		},
		"block-device-mapping.delete-on-termination": func(m Image) []string {
			return m.volumes(func(v EBS) string { return strconv.FormatBool(v.DeleteOnTermination) })
		},
		"block-device-mapping.encrypted": func(m Image) []string {
			return m.volumes(func(v EBS) string { return strconv.FormatBool(v.Encrypted) })
		},
		"block-device-mapping.snapshot-id": func(m Image) []string {
			return m.volumes(func(v EBS) string { return v.SnapshotID })
		},
		"block-device-mapping.volume-size": func(m Image) []string {
			return m.volumes(func(v EBS) string { return strconv.FormatInt(v.VolumeSize, 10) })
		},
		"block-device-mapping.volume-type": func(m Image) []string {
			return m.volumes(func(v EBS) string { return v.VolumeType })
		},
	}
}

// foreignFilters are those of EC2 that ask for what no image here has.
func foreignFilters() []string {
	return []string{"free-tier-eligible", "hypervisor", "image-allowed", "owner-alias", "source-instance-id"}
}

// check returns InvalidParameterValue for a filter that EC2 does not have or that has no meaning here.
func (f Filter) check() error {
	if len(f.Values) == 0 {
		return missing("Filter.Value")
	}
	if key, ok := strings.CutPrefix(f.Name, tagFilter); ok && key != "" {
		return nil
	}
	if _, ok := filterable()[f.Name]; ok {
		return nil
	}
	if slices.Contains(foreignFilters(), f.Name) {
		message := fmt.Sprintf("The filter '%s' is of no use here: no image of this registry has that.", f.Name)
		return &Error{Code: ParameterValue, Message: message}
	}
	return &Error{Code: ParameterValue, Message: fmt.Sprintf("The filter '%s' is invalid", f.Name)}
}

// matcher returns what tells whether an image passes all filters.
func matcher(filters []Filter) func(Image) bool {
	values := filterable()
	tests := make([]func(Image) bool, 0, len(filters))
	for _, f := range filters {
		of, ok := values[f.Name]
		if key, isTag := strings.CutPrefix(f.Name, tagFilter); isTag {
			of, ok = func(m Image) []string { return m.tag(key) }, true
		}
		tests = append(tests, func(m Image) bool { return ok && f.passes(of(m)) })
	}
	return func(m Image) bool {
		return !slices.ContainsFunc(tests, func(test func(Image) bool) bool { return !test(m) })
	}
}

func (f Filter) passes(values []string) bool {
	return slices.ContainsFunc(values, func(value string) bool {
		return slices.ContainsFunc(f.Values, func(pattern string) bool { return wildcard([]rune(pattern), []rune(value)) })
	})
}

// wildcard reports whether s matches the pattern. It goes back to the last * only, so that its time is the product
// of the lengths at most.
func wildcard(pattern, s []rune) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		literal, width := next(pattern[p:])
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || literal == s[i]):
			p += width
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(string(pattern[p:]), "*") == ""
}

// next returns the character at which a pattern begins, as it is meant, and its width in the pattern.
func next(pattern []rune) (literal rune, width int) {
	switch {
	case len(pattern) == 0:
		return 0, 0
	case pattern[0] == '\\' && len(pattern) > 1:
		return pattern[1], 2
	}
	return pattern[0], 1
}

// spellings returns the location as it is and as EC2 writes it, without the scheme.
func (m Image) spellings() []string {
	if path, ok := strings.CutPrefix(m.Location, "s3://"); ok {
		return []string{m.Location, path}
	}
	return []string{m.Location}
}

func (m Image) tag(key string) []string {
	i := slices.IndexFunc(m.Tags, func(t Tag) bool { return t.Key == key })
	if i < 0 {
		return nil
	}
	return []string{m.Tags[i].Value}
}

func (m Image) reason(of func(StateReason) string) []string {
	if m.StateReason == nil {
		return nil
	}
	return optional(of(*m.StateReason))
}

// volumes returns a value of each EBS volume.
func (m Image) volumes(of func(EBS) string) []string {
	var values []string
	for _, d := range m.BlockDevices {
		if d.EBS != nil {
			values = append(values, of(*d.EBS))
		}
	}
	return values
}

func each[T, V any](list []T, of func(T) V) []V {
	values := make([]V, len(list))
	for i, v := range list {
		values[i] = of(v)
	}
	return values
}

func optional(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}
