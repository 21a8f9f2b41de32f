package cli

import (
	"math"
	"testing"

	"github.com/spf13/pflag"
)

func TestParseSize(t *testing.T) {
	tests := []struct {
		text string
		want int64
	}{
		{"0", 0},
		{"1", 1},
		{"512", 512},
		{"1K", 1 << 10},
		{"1k", 1 << 10},
		{"1KB", 1 << 10},
		{"1KiB", 1 << 10},
		{"1kib", 1 << 10},
		{"10M", 10 << 20},
		{"10MB", 10 << 20},
		{"10MiB", 10 << 20},
		{"3G", 3 << 30},
		{"2T", 2 << 40},
		{"2TiB", 2 << 40},
		{"8388607T", 8388607 << 40},
		{"9223372036854775807", math.MaxInt64},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			if got, err := ParseSize(tt.text); err != nil || got != tt.want {
				t.Errorf("got %d, %v, want %d", got, err, tt.want)
			}
		})
	}
}

func TestParseSizeRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "K", "B", "KiB", "-1", "-1K", "+1", "1.5G", "1,5G", "1e3", "0x10", "1_000", " 1", "1 ", "1 K", "1P", "1X",
		"1B", "1Ki", "1KK", "1iB", "K1", "١", "8388608T", "9223372036854775808", "9007199254740992K",
		"99999999999999999999999", "99999999999999999999999T",
	} {
		t.Run(text, func(t *testing.T) {
			if got, err := ParseSize(text); err == nil {
				t.Errorf("got %d, want an error", got)
			}
		})
	}
}

func TestFormatSize(t *testing.T) {
	tests := []struct {
		size int64
		want string
	}{
		{0, "0"},
		{1, "1"},
		{1023, "1023"},
		{1 << 10, "1K"},
		{1<<10 + 1, "1025"},
		{1536, "1536"},
		{10 << 20, "10M"},
		{1536 << 20, "1536M"},
		{1 << 40, "1T"},
		{1 << 50, "1024T"},
		{math.MaxInt64, "9223372036854775807"},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			got := FormatSize(tt.size)
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if back, err := ParseSize(got); err != nil || back != tt.size {
				t.Errorf("%s is read as %d, %v", got, back, err)
			}
		})
	}
}

func TestSizeVar(t *testing.T) {
	f := pflag.NewFlagSet("test", pflag.ContinueOnError)
	var part int64
	SizeVar(f, &part, "part-size", "s", 10<<20, "")
	if got := f.Lookup("part-size").DefValue; got != "10M" {
		t.Errorf("default is %s, want 10M", got)
	}
	if err := f.Parse([]string{"-s", "64M"}); err != nil || part != 64<<20 {
		t.Errorf("got %d, %v, want 64M", part, err)
	}
}
