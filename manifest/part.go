package manifest

import (
	"errors"
	"fmt"
)

// An indexedPart is a part as the document has it, in any order.
type indexedPart struct {
	Part
	index int64
}

// parts reads the list of parts and brings it into the order of their indexes.
func (d *decoder) parts(t tag) error {
	if t.key == nil {
		return faultf("@count", "is missing")
	}
	count, err := parseDecimal(string(t.value))
	if err != nil {
		return within("@count", err)
	}
	list, err := d.partList(t)
	if err != nil {
		return err
	}
	if int64(len(list)) != count {
		return faultf("@count", "is %d, but there are %d parts", count, len(list))
	}
	d.m.Image.Parts, err = sortParts(list)
	return err
}

func (d *decoder) partList(t tag) ([]indexedPart, error) {
	var list []indexedPart
	var p indexedPart
	known := []field{
		{"filename", required, "", value(d, &p.Name, parseName)},
		{"digest", required, "algorithm", marked("SHA1", value(d, &p.Digest, parseDigest))},
	}
	err := d.fields(t, []field{{"part", repeated, "index", func(t tag) (err error) {
		if p.index, err = partIndex(t); err != nil {
			return within("@index", err)
		}
		err = d.fields(t, known)
		list = append(list, p)
		return err
	}}})
	return list, err
}

func partIndex(t tag) (int64, error) {
	if t.key == nil {
		return 0, errors.New("is missing")
	}
	return parseDecimal(string(t.value))
}

// sortParts orders the parts by their indexes, each of which must be there once, and checks that no two
// have the same name.
func sortParts(list []indexedPart) ([]Part, error) {
	if len(list) == 0 {
		return nil, errors.New("there is no part")
	}
	sorted := make([]Part, len(list))
	names := make(map[string]bool, len(list))
	for i, p := range list {
		switch {
		case p.index >= int64(len(list)):
			return nil, faultf(fmt.Sprintf("part[%d]/@index", i), "is %d of only %d parts", p.index, len(list))
		case sorted[p.index].Name != "":
			return nil, faultf(fmt.Sprintf("part[%d]/@index", i), "is %d, like that of one before", p.index)
		case names[p.Name]:
			return nil, faultf(fmt.Sprintf("part[%d]/filename", i), "is %.60q, like that of one before", p.Name)
		}
		sorted[p.index] = p.Part
		names[p.Name] = true
	}
	return sorted, nil
}
