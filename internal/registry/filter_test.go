package registry

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// pictured returns an image with a value for every filter.
func pictured() Image {
	m := full()
	m.State, m.Location = Available, "s3://bucket/web/image.manifest.xml"
	return m
}

func TestFilters(t *testing.T) {
	tests := map[string]struct{ passes, fails []string }{
		"architecture":         {[]string{"x86_64", "x86*"}, []string{"arm64", "X86_64"}},
		"creation-date":        {[]string{"2026-11-03T*", "2026-11-03T10:20:30.100Z"}, []string{"2026-11-04*", "2026-11-03"}},
		"description":          {[]string{"the web & its servers", "*web*"}, []string{"web"}},
		"ena-support":          {[]string{"true"}, []string{"false", "True"}},
		"image-id":             {[]string{"ami-0123456789abcdef0", "ami-0*"}, []string{"ami-1*"}},
		"image-type":           {[]string{"machine"}, []string{"kernel"}},
		"is-public":            {[]string{"true"}, []string{"false"}},
		"kernel-id":            {[]string{"aki-1"}, []string{"ari-1"}},
		"manifest-location":    {[]string{"bucket/web/image.manifest.xml", "s3://bucket/*"}, []string{"web/image.manifest.xml"}},
		"name":                 {[]string{"web-1", "web-?", "*"}, []string{"web-??", "WEB-1"}},
		"owner-id":             {[]string{"123456789012"}, []string{"111122223333"}},
		"platform":             {[]string{"windows"}, []string{"linux"}},
		"product-code":         {[]string{"774F4FF8"}, []string{"774f4ff8"}},
		"product-code.type":    {[]string{"devpay"}, []string{"marketplace"}},
		"ramdisk-id":           {[]string{"ari-1"}, []string{"aki-1"}},
		"root-device-name":     {[]string{"/dev/sda1", "/dev/sd?1"}, []string{"/dev/sda"}},
		"root-device-type":     {[]string{"instance-store"}, []string{"ebs"}},
		"source-image-id":      {[]string{"ami-1a2b3c4d"}, []string{"ami-0123456789abcdef0"}},
		"source-image-region":  {[]string{"east"}, []string{"local"}},
		"sriov-net-support":    {[]string{"simple"}, []string{"*x"}},
		"state":                {[]string{"available"}, []string{"pending"}},
		"state-reason-code":    {[]string{"Client.X"}, []string{"x"}},
		"state-reason-message": {[]string{"x"}, []string{"Client.X"}},
		"tag:role":             {[]string{"web", "w*"}, []string{"role"}},
		"tag-key":              {[]string{"role"}, []string{"web"}},
		"virtualization-type":  {[]string{"hvm"}, []string{"paravirtual"}},

		"block-device-mapping.delete-on-termination": {[]string{"true"}, []string{"false"}},
		"block-device-mapping.device-name":           {[]string{"/dev/sdb", "/dev/sdc"}, []string{"/dev/sda1"}},
		"block-device-mapping.encrypted":             {[]string{"true"}, []string{"false"}},
		"block-device-mapping.snapshot-id":           {[]string{"snap-1"}, []string{"snap-2"}},
		"block-device-mapping.volume-size":           {[]string{"8"}, []string{"08", "80"}},
		"block-device-mapping.volume-type":           {[]string{"gp3"}, []string{"gp2"}},
	}
	for name := range filterable() {
		if _, ok := tests[name]; !ok {
			t.Errorf("filter %s has no test", name)
		}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, value := range tt.passes {
				wantFilter(t, Filter{name, []string{value}}, pictured(), true)
				wantFilter(t, Filter{name, []string{"no such", value}}, pictured(), true)
			}
			for _, value := range tt.fails {
				wantFilter(t, Filter{name, []string{value}}, pictured(), false)
			}
		})
	}
}

func wantFilter(t *testing.T, f Filter, m Image, want bool) {
	t.Helper()
	if err := f.check(); err != nil {
		t.Fatal(err)
	}
	if got := matcher([]Filter{f})(m); got != want {
		t.Errorf("%s = %q passes: %t, want %t", f.Name, f.Values, got, want)
	}
}

// What an image does not have matches nothing, not even everything.
func TestFiltersOnNothing(t *testing.T) {
	for _, name := range []string{"platform", "tag:role", "tag-key", "kernel-id", "state-reason-code", "block-device-mapping.device-name"} {
		wantFilter(t, Filter{name, []string{"*"}}, web("web-1"), false)
	}
}

func TestFiltersAreAnded(t *testing.T) {
	state := Filter{"state", []string{"available", "disabled"}}
	for name, want := range map[string]bool{"web-1": true, "web-2": false} {
		if got := matcher([]Filter{state, {"name", []string{name}}})(pictured()); got != want {
			t.Errorf("state and name %s: %t", name, got)
		}
	}
}

func TestBadFilters(t *testing.T) {
	tests := []struct {
		filter Filter
		code   Code
		want   string
	}{
		{Filter{"nonsense", []string{"x"}}, ParameterValue, "The filter 'nonsense' is invalid"},
		{Filter{"", []string{"x"}}, ParameterValue, "The filter '' is invalid"},
		{Filter{"tag:", []string{"x"}}, ParameterValue, "The filter 'tag:' is invalid"},
		{Filter{"State", []string{"x"}}, ParameterValue, "The filter 'State' is invalid"},
		{Filter{"owner-alias", []string{"amazon"}}, ParameterValue, "The filter 'owner-alias' is of no use here"},
		{Filter{"name", nil}, NoParameter, "Filter.Value"},
	}
	e, _ := onDirectory(t)
	for _, tt := range tests {
		_, err := e.Describe(t.Context(), Query{Filters: []Filter{tt.filter}})
		refusal, ok := errors.AsType[*Error](err)
		if !ok || refusal.Code != tt.code || !strings.Contains(refusal.Message, tt.want) {
			t.Errorf("%v: error is %v", tt.filter, err)
		}
	}
}

func TestWildcard(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"**", "abc", true},
		{"?", "", false},
		{"?", "é", true},
		{"a*b*c", "aXbYbZc", true},
		{"a*b*c", "aXcYb", false},
		{"*ab", "aab", true},
		{"a?c", "abc", true},
		{`\*`, "*", true},
		{`\*`, "a", false},
		{`a\`, `a\`, true},
		{`a\`, "a", false},
		{`\\`, `\`, true},
		{`\?x*`, "?xyz", true},
		{`\?x*`, "axyz", false},
		{"abc*", "abc", true},
		{"abc?", "abc", false},
	}
	for _, tt := range tests {
		if got := wildcard([]rune(tt.pattern), []rune(tt.s)); got != tt.want {
			t.Errorf("%q against %q: %t", tt.pattern, tt.s, got)
		}
	}
}

// A pattern that makes a naive matcher try for years.
func TestWildcardIsQuick(t *testing.T) {
	pattern, s := []rune(strings.Repeat("*a", 200)+"b"), []rune(strings.Repeat("a", 1000))
	start := time.Now()
	if wildcard(pattern, s) {
		t.Error("it matches")
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// A filter that names a state brings in the images that a listing leaves out.
func TestFilterOnStateIncludes(t *testing.T) {
	e, _ := onDirectory(t)
	m := register(t, e, web("web-1"))
	modify(t, e, m.ID, Disable())
	for pattern, want := range map[string]int{"disabled": 1, "dis*": 0, "available": 0} {
		got := describe(t, e, Query{Filters: []Filter{{"state", []string{pattern}}}})
		if len(got) != want {
			t.Errorf("state %s: images are %v", pattern, idsOf(got))
		}
	}
	if got := describe(t, e, Query{IncludeDisabled: true, Filters: []Filter{{"state", []string{"dis*"}}}}); len(got) != 1 {
		t.Errorf("disabled ones included: images are %v", idsOf(got))
	}
}

// An image that is asked for by its ID and does not pass is left out, which is no error.
func TestFilterWithIDs(t *testing.T) {
	e, _ := onDirectory(t)
	one, two := register(t, e, web("web-1")), register(t, e, web("web-2"))
	got := idsOf(describe(t, e, Query{IDs: []string{one.ID, two.ID}, Filters: []Filter{{"name", []string{"*2"}}}}))
	if !slices.Equal(got, []string{two.ID}) {
		t.Errorf("images are %v, want %s", got, two.ID)
	}
}
