package main

import (
	"testing"

	"amiforge/internal/registry"
)

// In EC2 the credentials say whose setting it is, whoever --account names.
func TestSettingOf(t *testing.T) {
	who := registry.Caller{Account: "123456789012"}
	for location, want := range map[string]string{"ec2://eu-west-1": "", "s3://bucket/": who.Account, "store": who.Account} {
		if got, err := settingOf(location, who); err != nil || got != want {
			t.Errorf("%s: account is %q, %v, want %q", location, got, err, want)
		}
	}
	if got, err := settingOf("ec2://eu-west-1", registry.Caller{}); err != nil || got != "" {
		t.Errorf("nobody in EC2: account is %q, %v", got, err)
	}
	if got, err := settingOf("store", registry.Caller{}); err == nil {
		t.Errorf("nobody: account is %q, want an error", got)
	}
}
