package bundle_test

import (
	"testing"

	"amiforge/bundle"
	"amiforge/bundle/storetest"
)

func TestDirConforms(t *testing.T) {
	for _, noSync := range []bool{false, true} {
		storetest.Run(t, func(t *testing.T) bundle.Store {
			d, err := bundle.OpenDir(t.TempDir(), &bundle.DirOptions{NoSync: noSync})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { d.Close() })
			return d
		})
	}
}
