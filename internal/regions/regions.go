// Package regions reads the two small files in which users say what AWS itself would know: where the regions
// are, and which account belongs to which organization.
//
// The regions file maps the name of a region to its store, so that two buckets of one server are two regions:
//
//	{
//	  "east": {"store": "s3://east", "endpoint": "http://127.0.0.1:9000", "s3Region": "us-east-1"},
//	  "west": {"store": "s3://west", "registry": "s3://east", "virtualization": ["hvm"]}
//	}
//
// The organizations file maps organizations to units, these to units in them, and at last to accounts:
//
//	{
//	  "arn:aws:organizations::123456789012:organization/o-abcdefghij": {
//	    "accounts": ["123456789012"],
//	    "arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-ab12-11111111": {
//	      "arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-ab12-22222222": ["111122223333"]
//	    }
//	  }
//	}
//
// Both are strict JSON. A key that is unknown or repeated and a value that cannot be right are errors that
// name the file, the line and the key, and then nothing of the file is used.
package regions

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"amiforge/internal/registry"
)

// awsRegion is what the names of AWS regions look like: us-east-1, us-gov-west-1.
var awsRegion = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

// A File is a regions file. A nil File is that of a user who has none.
type File struct {
	path    string
	regions map[string]Region
}

// Load reads the regions file at path.
func Load(path string) (*File, error) {
	data, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("regions file: %w", err)
	}
	regions, err := parseRegions(data)
	if err != nil {
		return nil, fmt.Errorf("regions file: %s: %w", path, err)
	}
	return &File{path: path, regions: regions}, nil
}

func parseRegions(data []byte) (map[string]Region, error) {
	v, err := parseValue(data)
	if err != nil {
		return nil, err
	}
	if err := v.want("object"); err != nil {
		return nil, fmt.Errorf("line %d: %w", v.line, err)
	}
	regions := map[string]Region{}
	for _, m := range v.members {
		if regions[m.name], err = parseRegion(m); err != nil {
			return nil, err
		}
	}
	return regions, nil
}

// Region returns the region called name. One that the file does not have is an error that lists those that
// it has, except that the regions of AWS need no entry: such a one has no Store, see Region.Place.
func (f *File) Region(name string) (Region, error) {
	if err := registry.CheckRegion(name); err != nil {
		return Region{}, err
	}
	if f != nil {
		if r, ok := f.regions[name]; ok {
			return r, nil
		}
	}
	if awsRegion.MatchString(name) {
		return Region{Name: name, Virtualization: virtualizations()}, nil
	}
	return Region{}, f.unknown(name)
}

// All returns the regions that have an entry, by name.
func (f *File) All() []Region {
	if f == nil {
		return nil
	}
	var all []Region
	for _, name := range slices.Sorted(maps.Keys(f.regions)) {
		all = append(all, f.regions[name])
	}
	return all
}

func (f *File) unknown(name string) error {
	if f == nil {
		return fmt.Errorf("region %s: not one of AWS, and there is no regions file (--regions FILE, AMI_REGIONS)", name)
	}
	known := "no region"
	if len(f.regions) > 0 {
		known = strings.Join(slices.Sorted(maps.Keys(f.regions)), ", ")
	}
	return fmt.Errorf("region %s: not one of AWS, and %s has %s", name, f.path, known)
}
