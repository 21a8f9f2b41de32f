package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"amiforge/manifest"
)

// FromManifest returns what a manifest says of the image: owner, type, architecture, kernel, ramdisk, root
// device, block devices and product codes. Name, Region, Location and ManifestDigest are the caller's to
// set, and whatever flags override.
func FromManifest(m *manifest.Manifest) Image {
	image := Image{
		Owner:          m.Image.User,
		Type:           m.Image.Type,
		Architecture:   m.Machine.Architecture,
		KernelID:       m.Machine.KernelID,
		RamdiskID:      m.Machine.RamdiskID,
		RootDeviceName: rootDevice(m.Machine.BlockDevices),
		BlockDevices:   blockDevices(m.Machine.BlockDevices),
	}
	for _, code := range m.Machine.ProductCodes {
		image.ProductCodes = append(image.ProductCodes, ProductCode{ID: code, Type: "devpay"})
	}
	return image
}

// DigestManifest returns the ManifestDigest of a manifest's bytes: a manifest that has changed since its
// image was registered is noticed by it.
func DigestManifest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// rootDevice returns the device that a mapping calls root (/dev/sda1), else that of the image itself (ami=sda1).
func rootDevice(devices []manifest.BlockDevice) string {
	var name string
	for _, d := range devices {
		switch d.Virtual {
		case "root":
			return devicePath(d.Device)
		case "ami":
			name = devicePath(d.Device)
		}
	}
	return name
}

// blockDevices returns the volumes that an instance gets beside its root device, in the manifest's order.
func blockDevices(devices []manifest.BlockDevice) []BlockDevice {
	var mapping []BlockDevice
	for _, d := range devices {
		if d.Virtual != "root" && d.Virtual != "ami" {
			mapping = append(mapping, BlockDevice{DeviceName: devicePath(d.Device), VirtualName: d.Virtual})
		}
	}
	return mapping
}

// devicePath returns sda1 as /dev/sda1: manifests have both spellings, an image has one.
func devicePath(device string) string {
	if device == "" || strings.HasPrefix(device, "/") {
		return device
	}
	return "/dev/" + device
}
