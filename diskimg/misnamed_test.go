package diskimg

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNamedFormat(t *testing.T) {
	tests := map[string]Format{
		"disk.vhd": VHD, "DISK.VHD": VHD, "a/b.vhd": VHD, "disk.vmdk": VMDK, "disk-s001.vmdk": VMDK, "flat.vmdk": VMDK, "-.vmdk": VMDK,
		"disk-flat.vmdk": RAW, "disk-f001.vmdk": RAW, "Disk-FLAT.VMDK": RAW, "disk-pt.vmdk": RAW,
		"disk.raw": RAW, "disk": RAW, "disk.vhd.raw": RAW, "disk.vhdx": RAW, "vhd": RAW, "": RAW,
	}
	for name, want := range tests {
		if got := namedFormat(name); got != want {
			t.Errorf("%s promises %s, want %s", name, got, want)
		}
	}
}

// A fixed VHD without its footer is not taken for RAW in silence.
func TestMisnamed(t *testing.T) {
	content := noise(8<<10, 1)
	for _, name := range []string{"disk.vhd", "disk.vmdk", "disk-flat.vmdk", "disk.raw"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			d, err := OpenFile(path, nil)
			if namedFormat(name) == RAW {
				checkOpened(t, d, err)
				return
			}
			if !errors.Is(err, ErrMisnamed) || !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path+": ") {
				t.Errorf("%v: want ErrMisnamed and ErrDamaged of %s", err, path)
			}
			d, err = OpenFile(path, &OpenOptions{Format: RAW})
			checkOpened(t, d, err)
		})
	}
}

func checkOpened(t *testing.T, d *Disk, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if f := d.Info().Format; f != RAW {
		t.Errorf("is %s", f)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
