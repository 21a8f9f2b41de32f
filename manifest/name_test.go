package manifest

import (
	"strings"
	"testing"
)

func TestCheckPartName(t *testing.T) {
	good := []string{
		"a", "disk.img.part.00", "...", ".hidden", "a-", "a b", " ", " a ", "~", "*", "%00", "a;b", "$(a)", "`a`", "a&b",
		"a<b>", `it's "so"`, "é", "😀", "image.part.0; touch x", "C:", "CON", strings.Repeat("a", 255), strings.Repeat("é", 127),
	}
	bad := []string{
		"", ".", "..", "/", "/a", "a/", "a/b", "../a", `\`, `a\b`, `..\a`, "-", "-a", "--help", "a\x00", "a\nb", "\t", "\x1b[2J",
		"\x7f", "\u0085", "\u009b", "a\xff", "\xc0\xaf", strings.Repeat("a", 256), strings.Repeat("é", 128),
	}
	for _, name := range good {
		if err := CheckPartName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range bad {
		if err := CheckPartName(name); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

func TestCheckName(t *testing.T) {
	m := full()
	tests := []struct {
		name string
		ok   bool
	}{
		{"disk.img.manifest.xml", true},
		{"disk.img.part.0", true},
		{"disk.img.part.01", false},
		{"DISK.img.part.01", false},
		{"", false},
		{"../disk.img.manifest.xml", false},
	}
	for _, tt := range tests {
		if err := m.CheckName(tt.name); (err == nil) != tt.ok {
			t.Errorf("%q: error is %v", tt.name, err)
		}
	}
}

func TestParseUser(t *testing.T) {
	tests := []struct{ in, want string }{
		{"123456789012", "123456789012"},
		{"1234-5678-9012", "123456789012"},
		{"000000000000", "000000000000"},
		{"", ""},
		{"12345678901", ""},
		{"1234567890123", ""},
		{"1234 5678 9012", ""},
		{" 123456789012", ""},
		{"12345678901x", ""},
		{"+12345678901", ""},
		{"12345678901٣", ""},
		{"1234567890é", ""},
	}
	for _, tt := range tests {
		got, err := ParseUser(tt.in)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q: %q, error %v; want %q", tt.in, got, err, tt.want)
		}
	}
}

func TestCheckArchitecture(t *testing.T) {
	for _, arch := range Architectures() {
		if err := CheckArchitecture(arch); err != nil {
			t.Error(err)
		}
		if _, err := parseToken(arch); err != nil {
			t.Error(err)
		}
	}
	for _, arch := range []string{"", "amd64", "X86_64", "x86-64", "i686", "x86_64 "} {
		err := CheckArchitecture(arch)
		if err == nil || !strings.Contains(err.Error(), "i386, x86_64, arm64") {
			t.Errorf("%q: error is %v", arch, err)
		}
	}
}
