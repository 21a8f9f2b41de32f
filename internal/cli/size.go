package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/pflag"
)

// sizeUnits are the letters that a size may end with, each 1024 times the one before.
const sizeUnits = "KMGT"

// ParseSize reads a size: a whole number of bytes, or of 1024-based units K, M, G or T. KB and KiB are K too,
// likewise for the others, and lower case will do.
func ParseSize(s string) (int64, error) {
	number, shift := cutUnit(s)
	n, err := strconv.ParseUint(number, 10, 63)
	if isRange(err) || err == nil && n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("out of range, the limit is 8 EiB")
	}
	if err != nil {
		return 0, fmt.Errorf("not a size: want a whole number of bytes, or one with K, M, G or T behind it")
	}
	return int64(n) << shift, nil
}

func isRange(err error) bool {
	e, ok := err.(*strconv.NumError)
	return ok && e.Err == strconv.ErrRange
}

// cutUnit cuts the unit off s and returns the power of two that it stands for.
func cutUnit(s string) (number string, shift int) {
	upper := strings.ToUpper(s)
	for i, unit := range sizeUnits {
		for _, spelling := range []string{string(unit), string(unit) + "B", string(unit) + "IB"} {
			if strings.HasSuffix(upper, spelling) {
				return s[:len(s)-len(spelling)], 10 * (i + 1)
			}
		}
	}
	return s, 0
}

// FormatSize writes n in the largest unit that holds it without a rest, as ParseSize reads it: 10M, 1025.
func FormatSize(n int64) string {
	unit := ""
	for _, u := range sizeUnits {
		if n == 0 || n%1024 != 0 {
			break
		}
		n, unit = n/1024, string(u)
	}
	return strconv.FormatInt(n, 10) + unit
}

// Bytes writes n for people and for programs: 12 MiB (12582912 bytes).
func Bytes(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%s (%d bytes)", humanize.IBytes(uint64(n)), n)
}

// SizeVar adds a flag to f whose value is a size in bytes, read by ParseSize.
func SizeVar(f *pflag.FlagSet, p *int64, name, shorthand string, value int64, usage string) {
	*p = value
	f.VarP((*size)(p), name, shorthand, usage)
}

type size int64

func (s *size) String() string { return FormatSize(int64(*s)) }

func (s *size) Type() string { return "size" }

func (s *size) Set(text string) error {
	n, err := ParseSize(text)
	if err != nil {
		return err
	}
	*s = size(n)
	return nil
}
