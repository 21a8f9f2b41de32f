package registry

import (
	"os"
	"slices"
	"testing"

	"amiforge/internal/store"
)

// liveEC2 returns the engine on the endpoint that AMIFORGE_TEST_EC2_ENDPOINT names, of which moto is one. Nobody has
// to have one, so that its lack skips the test everywhere.
func liveEC2(t *testing.T, opts *Options) Engine {
	t.Helper()
	url := os.Getenv("AMIFORGE_TEST_EC2_ENDPOINT")
	if url == "" {
		t.Skip("AMIFORGE_TEST_EC2_ENDPOINT names no endpoint")
	}
	setAWS(t)
	t.Setenv("AWS_ENDPOINT_URL_EC2", url)
	e, err := Open(t.Context(), "ec2://us-east-1", store.Config{}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEC2Live makes the calls that moto answers rightly.
func TestEC2Live(t *testing.T) {
	e, name := liveEC2(t, nil), "amiforge "+t.TempDir()[1:]
	asked := web(name[:min(len(name), maxName)])
	asked.Region = ""
	_, err := liveEC2(t, &Options{DryRun: true}).Register(t.Context(), asked)
	wantCode(t, err, DryRunOperation)
	m := register(t, e, asked)
	if m.Name != asked.Name || m.Description != asked.Description || m.Region != "us-east-1" || m.State != Available {
		t.Errorf("registered as %+v", m)
	}
	shares := []LaunchPermission{{UserID: other}, {OrganizationARN: org}}
	got := modify(t, e, m.ID, Share(shares...), Label(Tag{"role", "a&b"}, Tag{"gone", ""}))
	if len(got.LaunchPermissions) != 2 || len(got.Tags) != 2 {
		t.Errorf("modified, the image is %+v", got)
	}
	got = modify(t, e, m.ID, Unshare(shares[1]), Unlabel("gone"))
	if !slices.Equal(got.LaunchPermissions, shares[:1]) || !slices.Equal(got.Tags, []Tag{{"role", "a&b"}}) {
		t.Errorf("modified again, the image is %+v", got)
	}
	for name, query := range map[string]Query{
		"owner":  {Owner: m.Owner},
		"name":   {Name: m.Name},
		"filter": {Filters: []Filter{{"name", []string{"amiforge*"}}, {"tag:role", []string{"a&?"}}}},
	} {
		if found := idsOf(describe(t, e, query)); !slices.Contains(found, m.ID) {
			t.Errorf("by %s images are %v, want %s", name, found, m.ID)
		}
	}
	checkLiveCopy(t, e, m)
	if _, err := e.Deregister(t.Context(), m.ID, Caller{}); err != nil {
		t.Error(err)
	}
	_, err = e.Describe(t.Context(), Query{IDs: []string{"ami-00000000000000000"}})
	wantCode(t, err, IDNotFound)
}

// checkLiveCopy copies the image within its region.
func checkLiveCopy(t *testing.T, e Engine, m Image) {
	t.Helper()
	c, err := e.(RemoteCopier).CopyImage(t.Context(), RemoteCopy{SourceImageID: m.ID, Name: "copy"})
	if err != nil || c.State != Available || c.ID == m.ID || len(c.LaunchPermissions) > 0 {
		t.Errorf("copied to %+v, %v", c, err)
	}
	if _, err := e.Deregister(t.Context(), c.ID, Caller{}); err != nil {
		t.Error(err)
	}
}
