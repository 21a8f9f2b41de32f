package filesystem

import (
	"slices"
	"unicode/utf16"
)

// A fatLongSlot is a part of a long name, which is in UTF-16.
type fatLongSlot struct {
	Order uint8 // from 1 on; 0x40: it is the last part, which lies first
	Part1 [5]uint16
	_     [2]uint8
	Sum   uint8 // of the short name
	Part2 [6]uint16
	_     uint16
	Part3 [2]uint16
}

const (
	maxFATParts  = 20
	fatPartUnits = 13
	fatLastPart  = 0x40
)

// A longName gathers the parts of a long name, which lie before the entry that it is the name of.
type longName struct {
	units []uint16
	next  int // part that is missing; 0 if there is none
	sum   uint8
}

// add adds the part in slot. One that does not belong there ends the name.
func (l *longName) add(slot []byte) {
	var s fatLongSlot
	decode(slot, &s)
	part := int(s.Order &^ fatLastPart)
	switch {
	case s.Order&fatLastPart != 0 && part >= 1 && part <= maxFATParts:
		*l = longName{units: make([]uint16, part*fatPartUnits), next: part, sum: s.Sum}
	case part == 0 || part != l.next || s.Sum != l.sum:
		*l = longName{}
		return
	}
	copy(l.units[(part-1)*fatPartUnits:], slices.Concat(s.Part1[:], s.Part2[:], s.Part3[:]))
	l.next--
}

// of returns the name if it is that of s, or else "".
func (l *longName) of(s *fatSlot) string {
	if l.next != 0 || len(l.units) == 0 || l.sum != s.sum() {
		return ""
	}
	units := l.units
	if end := slices.Index(units, 0); end >= 0 {
		units = units[:end]
	}
	return string(utf16.Decode(units))
}

// sum is the checksum of the short name.
func (s *fatSlot) sum() (sum uint8) {
	for _, c := range s.Name {
		sum = sum<<7 | sum>>1
		sum += c
	}
	return sum
}
