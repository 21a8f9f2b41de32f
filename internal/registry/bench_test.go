package registry

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// BenchmarkRegistry measures what users wait for in registries of several sizes, on each engine.
func BenchmarkRegistry(b *testing.B) {
	for _, name := range []string{"directory", "s3", "postgres"} {
		make := backends()[name]
		for _, n := range []int{100, 10_000, 50_000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				open := make(b)
				ids := load(b, open(), n)
				b.Run("register", func(b *testing.B) { benchRegister(b, open()) })
				b.Run("describe", func(b *testing.B) { benchDescribe(b, open(), ids) })
				b.Run("list", func(b *testing.B) { benchList(b, open(), n) })
			})
		}
	}
}

// benchRegister registers an image, with an engine of its own as a command does.
func benchRegister(b *testing.B, keys Keys) {
	n := 0
	for b.Loop() {
		n++
		if _, err := New(keys, nil).Register(b.Context(), web(fmt.Sprintf("new %d %d", time.Now().UnixNano(), n))); err != nil {
			b.Fatal(err)
		}
	}
}

// benchDescribe describes one image by its ID.
func benchDescribe(b *testing.B, keys Keys, ids []string) {
	n := 0
	for b.Loop() {
		n++
		listing, err := New(keys, nil).Describe(b.Context(), Query{IDs: []string{ids[n%len(ids)]}})
		if err != nil || len(listing.Images) != 1 {
			b.Fatal(len(listing.Images), err)
		}
	}
}

// benchList lists all images of an architecture, which are a tenth.
func benchList(b *testing.B, keys Keys, n int) {
	for b.Loop() {
		query := Query{Filters: []Filter{{"architecture", []string{"arm64"}}, {"tag:role", []string{"w*"}}}}
		listing, err := New(keys, nil).Describe(b.Context(), query)
		if err != nil || len(listing.Images) != n/10 {
			b.Fatal(len(listing.Images), err)
		}
	}
}

// load fills a registry with n images at once: records and index, without claims on names. It returns their IDs.
func load(b *testing.B, keys Keys, n int) []string {
	b.Helper()
	e := newObjects(keys, nil)
	images := make([]Image, n)
	ids := make([]string, n)
	for i := range images {
		id, err := NewID(e.random)
		if err != nil {
			b.Fatal(err)
		}
		images[i], ids[i] = loaded(id, i), id
	}
	if err := loadRecords(b, e, images); err != nil {
		b.Fatal(err)
	}
	if _, ok := keys.(versioned); !ok {
		return ids
	}
	group := errgroup.Group{}
	group.SetLimit(fetchers)
	for shard := range 256 {
		group.Go(func() error { // as many records at a time as one writer repairs
			for range n/256/indexRepairs + 2 {
				if err := e.updateIndex(b.Context(), fmt.Sprintf("%02x", shard)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	return ids
}

// loaded returns an image as they are in a busy registry.
func loaded(id string, i int) Image {
	m := web(fmt.Sprintf("web-%d", i))
	m.ID, m.State, m.Type, m.RootDeviceType, m.VirtualizationType = id, Available, "machine", "instance-store", "hvm"
	m.Location = "s3://bucket/" + id + "/image.manifest.xml"
	m.ManifestDigest = versionOf([]byte(id))
	if i%10 == 0 {
		m.Architecture = "arm64"
	}
	m.Tags = []Tag{{"role", "web"}, {"build", fmt.Sprint(i)}}
	m.BlockDevices = []BlockDevice{{DeviceName: "/dev/sdb", VirtualName: "ephemeral0"}}
	m.CreationDate = TimeOf(noon().Add(time.Duration(i) * time.Second))
	m.LaunchPermissions = []LaunchPermission{{UserID: "111122223333"}}
	return m
}

func loadRecords(b *testing.B, e *objects, images []Image) error {
	b.Helper()
	group := errgroup.Group{}
	group.SetLimit(fetchers)
	for _, m := range images {
		group.Go(func() error {
			if d, ok := e.keys.(*DirKeys); ok {
				return loadFile(d, m)
			}
			_, err := e.create(b.Context(), m)
			return err
		})
	}
	return group.Wait()
}

// loadFile writes a record as DirKeys does, but for the wait until it is on the disk.
func loadFile(d *DirKeys, m Image) error {
	text, err := encode(record{Image: m, Nonce: m.ID})
	if err != nil {
		return err
	}
	path := filepath.Join(d.dir, filepath.FromSlash(imageKey(m.ID)))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o666)
}
