package audit

import "testing"

func TestHostOf(t *testing.T) {
	for _, tt := range []struct{ s, want string }{
		{"", ""},
		{"log.corp.tld", "log.corp.tld"},
		{`"log.corp.tld:514"`, "log.corp.tld"},
		{"https://log.corp.tld:8443/x", "log.corp.tld"},
		{"10.1.2.3", "10.1.2.3"},
		{"10.1.2.3:514", "10.1.2.3"},
		{"2001:db8::1", "2001:db8::1"},
		{"[2001:db8::1]", "2001:db8::1"},
		{"[2001:db8::1]:514", "2001:db8::1"},
		{"https://[2001:db8::1]:514/", "2001:db8::1"},

		// What may be a password is not told.
		{"https://joe:Gr4vityFalls@log.corp.tld/", "log.corp.tld"},
		{"https://joe:Gr4vity%zzFalls@log.corp.tld/", "log.corp.tld"},
		{"https://joe:%zz:Gr4vity/Falls@log.corp.tld/", "joe"},
		{"joe:Gr4vityFalls@log.corp.tld", "log.corp.tld"},
		{"joe.doe:Gr4vityFalls", "joe.doe"},
		{"joe.doe:Gr4vity:Falls", "joe.doe"},
	} {
		if got := hostOf(tt.s); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.s, got, tt.want)
		}
	}
}
