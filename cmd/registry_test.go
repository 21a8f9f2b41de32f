package cmd_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"amiforge/internal/miniotest"
	"amiforge/internal/postgrestest"
)

// onEachRegistry runs a test on a registry in a directory, on one in a bucket and on one in a database. The commands of
// the bench know it, and there is a bundle's manifest.
func onEachRegistry(t *testing.T, test func(t *testing.T, b *bench, manifest string)) {
	t.Run("directory", func(t *testing.T) {
		b := newBench(t, "AMI_REGISTRY=store")
		test(t, b, b.smallBundle("store"))
	})
	t.Run("bucket", func(t *testing.T) {
		server := miniotest.Start(t)
		bucket := "s3://" + server.NewBucket(t)
		b := newBench(t, append(server.Env(), "AMI_REGISTRY="+bucket)...)
		test(t, b, b.smallBundle(bucket))
	})
	t.Run("database", func(t *testing.T) {
		b := newBench(t, "AMI_REGISTRY="+postgrestest.Start(t).NewDatabase(t))
		test(t, b, b.smallBundle("store"))
	})
}

// smallBundle makes a bundle at a location and returns its manifest.
func (b *bench) smallBundle(location string) (manifest string) {
	b.Helper()
	b.image("disk.raw", 1<<20)
	return strings.TrimSpace(b.want(0, "ami-bundle", "disk.raw", "-r", "x86_64", "--to", location+"/bundle").stdout)
}

// register registers a bundle and returns the image's ID.
func (b *bench) register(manifest, name string) (id string) {
	b.Helper()
	return strings.TrimSpace(b.want(0, "ami-register", manifest, "-n", name).stdout)
}

// A described image is what these tests look at.
type described struct {
	ID                string `json:"ImageId"`
	Name, State       string
	Description       string
	Public            bool
	LaunchPermissions []struct {
		UserID string `json:"UserId"`
	}
}

// describe returns the living images of a name, and wants the whole registry to be sound.
func (b *bench) describe(name string) []described {
	b.Helper()
	e := b.want(0, "ami-describe", "--include-disabled", "--json")
	var listing struct {
		Images []described
		Errors []string
	}
	if err := json.Unmarshal([]byte(e.stdout), &listing); err != nil {
		b.Fatal(err)
	}
	if len(listing.Errors) > 0 {
		b.Errorf("unreadable: %v", listing.Errors)
	}
	return slices.DeleteFunc(listing.Images, func(m described) bool { return m.Name != name })
}

// only returns the one living image of a name.
func (b *bench) only(name string) described {
	b.Helper()
	images := b.describe(name)
	if len(images) != 1 || images[0].State != "available" {
		b.Fatalf("images of the name %s are %+v, want one", name, images)
	}
	return images[0]
}

// users returns the accounts that an image is shared with, sorted.
func (m described) users() (users []string) {
	for _, p := range m.LaunchPermissions {
		if p.UserID != "" {
			users = append(users, p.UserID)
		}
	}
	slices.Sort(users)
	return users
}
