package regions

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	testOrganization = "arn:aws:organizations::123456789012:organization/o-abcdefghij"
	testUnit         = "arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-ab12-"
)

func TestMemberships(t *testing.T) {
	o, err := LoadOrganizations("testdata/organizations.json")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		account string
		file    *Organizations
		want    []string
	}{
		{"123456789012", o, []string{testOrganization}},
		{"111122223333", o, []string{testOrganization, testUnit + "11111111"}},
		{"222233334444", o, []string{testOrganization, testUnit + "11111111", testUnit + "22222222"}},
		{"333344445555", o, []string{testOrganization, testUnit + "11111111", testUnit + "22222222"}},
		{"999988887777", o, []string{"arn:aws-cn:organizations::999988887777:organization/o-zyxwvutsrq"}},
		{"000000000000", o, nil},
		{"123456789012", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.account, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.file.Memberships(tt.account)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestParseOrganizations(t *testing.T) {
	// ORG, ORG2 and OUn stand for ARNs; OUX is of another organization.
	arns := strings.NewReplacer(
		"ORG2", strings.Replace(testOrganization, "abcdefghij", "jihgfedcba", 1), "ORG", testOrganization,
		"OU1", testUnit+"11111111", "OU2", testUnit+"22222222",
		"OUX", strings.Replace(testUnit, "abcdefghij", "jihgfedcba", 1)+"11111111",
	)
	tests := []struct{ name, text, want string }{
		{"none", `{}`, ""},
		{"empty", `{"ORG": {}, "ORG2": []}`, ""},
		{"accounts and units", `{"ORG": {"accounts": [], "OU1": {"OU2": []}}}`, ""},
		{"array", `[]`, "line 1: array found where object belongs"},
		{"not an organization", "{\n\"OU1\": []}", `line 2: "OU1" is not the ARN of an organization`},
		{"accounts at the top", `{"accounts": []}`, `line 1: "accounts" is not the ARN of an organization`},
		{"end of line in ARN", `{"ORG\n": []}`, `is not the ARN of an organization`},
		{"control character in partition", `{"arn:aws\u001b:organizations::123456789012:organization/o-abcdefghij": []}`, `is not the ARN`},
		{"short ID", `{"arn:aws:organizations::123456789012:organization/o-abcdefghi": []}`, `is not the ARN`},
		{"short account in ARN", `{"arn:aws:organizations::12345678901:organization/o-abcdefghij": []}`, `is not the ARN`},
		{"organization is a string", `{"ORG": "111122223333"}`, "line 1: ORG: string found where object belongs"},
		{"organization is repeated", "{\"ORG\": [],\n\"ORG\": []}", `line 2: key "ORG" is repeated, it is on line 1 already`},
		{"unknown key", "{\"ORG\": {\n\"Accounts\": []}}", `line 2: ORG: "Accounts" is neither the ARN of an organizational unit nor "accounts"`},
		{"organization in one", `{"ORG": {"ORG2": []}}`, `line 1: ORG: "ORG2" is neither the ARN`},
		{"unit of another", `{"ORG": {"OU1": {"OUX": []}}}`, "line 1: OU1: unit OUX is of another organization"},
		{"unit in itself", "{\"ORG\": {\"OU1\": {\n\"OU1\": []}}}", "line 2: OU1: unit OU1 is on line 1 already"},
		{"unit in two", "{\"ORG\": {\"OU1\": [],\n\"OU2\": {\n\"OU1\": []}}}", "line 3: OU2: unit OU1 is on line 1 already"},
		{"accounts is an object", `{"ORG": {"accounts": {}}}`, "line 1: ORG: accounts: object found where array belongs"},
		{"account is a number", `{"ORG": [111122223333]}`, "line 1: ORG: number found where string belongs"},
		{"account with dashes", "{\"ORG\": [\n\"1111-2222-3333\"]}", `line 2: ORG: InvalidParameterValue: Value ("1111-2222-3333")`},
		{"account is repeated", "{\"ORG\": [\"111122223333\",\n\"111122223333\"]}", "line 2: ORG: account 111122223333 is on line 1 already, in ORG"},
		{"account in two units", "{\"ORG\": {\"OU1\": [\"111122223333\"],\n\"OU2\": [\"111122223333\"]}}", "line 2: OU2: account 111122223333 is on line 1 already, in OU1"},
		{"account in a unit and above", `{"ORG": {"OU1": ["111122223333"], "accounts": ["111122223333"]}}`, "line 1: ORG: account 111122223333 is on line 1 already, in OU1"},
		{"account in two organizations", "{\"ORG\": [\"111122223333\"],\n\"ORG2\": [\"111122223333\"]}", "line 2: ORG2: account 111122223333 is on line 1 already, in ORG"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseOrganizations([]byte(arns.Replace(tt.text)))
			wantError(t, err, arns.Replace(tt.want))
		})
	}
}

// Units may lie as deep as JSON does; what is kept grows with the file, not with the square of the depth.
func TestDeepUnits(t *testing.T) {
	const depth = 5000
	text := fmt.Appendf(nil, `{"%s":`, testOrganization)
	for i := range depth {
		text = fmt.Appendf(text, `{"accounts":["%012d"],"%s%08d":`, i, testUnit, i)
	}
	text = fmt.Append(text, "[]", strings.Repeat("}", depth+1))
	o, err := parseOrganizations(text)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(o.Memberships(fmt.Sprintf("%012d", depth-1))); n != depth {
		t.Errorf("the innermost account has %d memberships, want %d", n, depth)
	}
}
