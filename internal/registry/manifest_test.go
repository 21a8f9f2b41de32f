package registry

import (
	"testing"

	"amiforge/manifest"

	"github.com/google/go-cmp/cmp"
)

func TestFromManifest(t *testing.T) {
	type devices = []manifest.BlockDevice
	for name, c := range map[string]struct {
		machine manifest.Machine
		want    Image
	}{
		"least": {manifest.Machine{Architecture: "i386"}, Image{Architecture: "i386"}},
		"all": {
			manifest.Machine{
				Architecture: "x86_64", KernelID: "aki-1", RamdiskID: "ari-1", ProductCodes: []string{"774F4FF8"},
				BlockDevices: devices{
					{Virtual: "ami", Device: "sda1"},
					{Virtual: "ephemeral0", Device: "sdb"},
					{Virtual: "root", Device: "/dev/sda1"},
					{Virtual: "swap", Device: "/dev/sda3"},
				},
			},
			Image{
				Architecture: "x86_64", KernelID: "aki-1", RamdiskID: "ari-1", RootDeviceName: "/dev/sda1",
				BlockDevices: []BlockDevice{{DeviceName: "/dev/sdb", VirtualName: "ephemeral0"}, {DeviceName: "/dev/sda3", VirtualName: "swap"}},
				ProductCodes: []ProductCode{{"774F4FF8", "devpay"}},
			},
		},
		"root before ami": {
			manifest.Machine{BlockDevices: devices{{Virtual: "root", Device: "/dev/xvda"}, {Virtual: "ami", Device: "sda1"}}},
			Image{RootDeviceName: "/dev/xvda"},
		},
		"ami alone": {
			manifest.Machine{BlockDevices: devices{{Virtual: "ami", Device: "sda1"}}},
			Image{RootDeviceName: "/dev/sda1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.Owner, c.want.Type = "123456789012", "machine"
			got := FromManifest(&manifest.Manifest{
				Machine: c.machine,
				Image:   manifest.Image{User: "123456789012", Type: "machine"},
			})
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("image (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDigestManifest(t *testing.T) {
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, B.1
	if got := DigestManifest([]byte("abc")); got != want {
		t.Errorf("digest is %s, want %s", got, want)
	}
}
