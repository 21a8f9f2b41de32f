package cli

import (
	"testing"
	"time"
)

func TestParseAge(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "0d": 0, "24h": 24 * time.Hour, "90m": 90 * time.Minute, "1h30m": 90 * time.Minute,
		"7d": 168 * time.Hour, "90d": 2160 * time.Hour, "106751d": 106751 * 24 * time.Hour, "1.5h": 90 * time.Minute,
	} {
		if got, err := ParseAge(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "d", "h", "7", "-1h", "-1d", "+1d", "1d12h", "1.5d", "7D", "1w", " 1d", "1 d", "106752d", "99999999999999999999d",
		"9999999999h", "now", "2026-11-03",
	} {
		if got, err := ParseAge(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func TestFormatAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 999 * time.Millisecond: "0s", 59 * time.Second: "59s", 119 * time.Second: "1m", time.Hour: "1h",
		47 * time.Hour: "1d", 48 * time.Hour: "2d",
	} {
		if got := FormatAge(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
