package regions

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiforge/internal/store"
)

func TestParseRegions(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"none", `{}`, ""},
		{"least", `{"a": {"store": "dir"}}`, ""},
		{"both types", `{"a": {"store": "d", "virtualization": ["paravirtual", "hvm"]}}`, ""},
		{"array", `[]`, "line 1: array found where object belongs"},
		{"null", "\n null", "line 2: null found where object belongs"},
		{"bad name", "{\n\"East\": {}}", `line 2: InvalidParameterValue: Value ("East")`},
		{"empty name", `{"": {"store": "d"}}`, `line 1: InvalidParameterValue: Value ("")`},
		{"region is a string", `{"a": "s3://a"}`, "line 1: region a: string found where object belongs"},
		{"region is repeated", "{\"a\": {\"store\": \"d\"},\n\"a\": {\"store\": \"d\"}}", `line 2: key "a" is repeated, it is on line 1 already`},
		{"key is repeated", "{\"a\": {\"store\": \"d\",\n\"stor\\u0065\": \"d\"}}", `line 2: key "store" is repeated`},
		{"unknown key", "{\"a\": {\"store\": \"d\",\n\"s3region\": \"x\"}}", `line 2: region a: unknown key "s3region", want store, registry`},
		{"no store", "{\n\"a\": {}}", "line 2: region a: no store"},
		{"null store", `{"a": {"store": null}}`, "line 1: region a: store: null found where string belongs"},
		{"empty store", `{"a": {"store": ""}}`, "region a: store: empty"},
		{"other scheme", `{"a": {"store": "http://a"}}`, `region a: store: location "http://a"`},
		{"parent in store", `{"a": {"store": "s3://a/.."}}`, "region a: store: "},
		{"bad registry", `{"a": {"store": "d", "registry": "s3://"}}`, "region a: registry: "},
		{"endpoint is a number", `{"a": {"store": "d", "endpoint": 9000}}`, "region a: endpoint: number found where string belongs"},
		{"empty endpoint", `{"a": {"store": "d", "endpoint": ""}}`, "region a: endpoint: empty: leave the key out"},
		{"empty s3Region", `{"a": {"store": "d", "s3Region": ""}}`, "region a: s3Region: empty"},
		{"control character", `{"a": {"store": "d", "s3Region": "x\n"}}`, `region a: s3Region: "x\n" has a control character`},
		{"virtualization is a string", `{"a": {"store": "d", "virtualization": "hvm"}}`, "region a: virtualization: string found where array belongs"},
		{"no virtualization", `{"a": {"store": "d", "virtualization": []}}`, "region a: virtualization: empty"},
		{"type is a boolean", `{"a": {"store": "d", "virtualization": [true]}}`, "region a: virtualization: boolean found where string belongs"},
		{"other type", `{"a": {"store": "d", "virtualization": ["pv"]}}`, `region a: virtualization: "pv" is not hvm or paravirtual`},
		{"type is repeated", `{"a": {"store": "d", "virtualization": ["hvm", "hvm"]}}`, `region a: virtualization: "hvm" is repeated`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseRegions([]byte(tt.text))
			wantError(t, err, tt.want)
		})
	}
}

// wantError checks that err has want in it, or is nil if want is empty.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestConfig(t *testing.T) {
	base := store.Config{Endpoint: "http://base", Region: "east", Profile: "p"}
	tests := []struct {
		name   string
		region Region
		want   store.Config
	}{
		{"falls back", Region{Name: "east"}, store.Config{Endpoint: "http://base", Profile: "p"}},
		{"AWS", Region{Name: "eu-west-1"}, store.Config{Endpoint: "http://base", Profile: "p"}},
		{
			"own service",
			Region{Name: "east", Endpoint: "http://own", S3Region: "us-west-2"},
			store.Config{Endpoint: "http://own", Region: "us-west-2", Profile: "p"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.region.Config(base)
			type plain struct{ Endpoint, Region, Profile string }
			want := plain{tt.want.Endpoint, tt.want.Region, tt.want.Profile}
			if diff := cmp.Diff(want, plain{got.Endpoint, got.Region, got.Profile}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestPlace(t *testing.T) {
	entry := Region{Name: "east", Store: store.Location{Bucket: "east"}}
	aws := Region{Name: "eu-west-1"}
	tests := []struct {
		name   string
		region Region
		given  string
		want   string
		err    string
	}{
		{"entry", entry, "", "s3://east/", ""},
		{"given goes first", entry, "dir", "dir", ""},
		{"AWS", aws, "s3://images/ami", "s3://images/ami", ""},
		{"AWS without a store", aws, "", "", "region eu-west-1: no store: say where with --to s3://BUCKET"},
		{"AWS with a directory", aws, "dir", "", "region eu-west-1: dir is not in a region of AWS"},
		{"not a location", aws, "http://x", "", "region eu-west-1: location"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.region.Place(tt.given)
			wantError(t, err, tt.err)
			if err == nil && got.String() != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
