package regions

import (
	"encoding/json"
	"os"
	"testing"
)

// FuzzParse holds that nothing makes the parsers panic, and that what either takes is JSON and consistent:
// each region has a store, and each account's memberships begin with an organization.
func FuzzParse(f *testing.F) {
	for _, path := range []string{"testdata/regions.json", "testdata/organizations.json"} {
		seed, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add([]byte("{\"a\": [1e9, null, {\"b\": \"\\ud800\"}],\n\"a\": true}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		regions, regionsErr := parseRegions(data)
		organizations, organizationsErr := parseOrganizations(data)
		if (regionsErr == nil || organizationsErr == nil) && !json.Valid(data) {
			t.Fatal("took what is not JSON")
		}
		for name, r := range regions {
			if r.Name != name || r.Store.String() == "" || len(r.Virtualization) == 0 {
				t.Errorf("region %q is %+v", name, r)
			}
		}
		if organizations != nil {
			checkMemberships(t, organizations)
		}
	})
}

func checkMemberships(t *testing.T, o *Organizations) {
	t.Helper()
	for account := range o.homes {
		arns := o.Memberships(account)
		if !organizationARN.MatchString(arns[0]) {
			t.Errorf("account %q: %q", account, arns)
		}
		for _, arn := range arns[1:] {
			if !unitARN.MatchString(arn) {
				t.Errorf("account %q: %q", account, arns)
			}
		}
	}
}
