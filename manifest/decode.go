package manifest

import (
	"errors"
	"fmt"
)

// manifest reads the root element.
func (d *decoder) manifest(t tag) error {
	if string(t.name) != "manifest" || t.closing {
		return fmt.Errorf("the root element is %.60q", t.name)
	}
	if t.key != nil {
		return fmt.Errorf("has the unknown attribute %.60q", t.key)
	}
	m := d.m
	err := d.fields(t, []field{
		{"version", required, "", value(d, &m.Version, parseVersion)},
		{"bundler", optional, "", d.bundler},
		{"machine_configuration", optional, "", d.machineConfiguration},
		{"image", required, "", d.image},
		{"signature", optional, "", value(d, &m.Signature, parseSignature)},
	})
	if err == nil && m.Version != version3 && d.machineSource == nil {
		return faultf("machine_configuration", "is missing")
	}
	return err
}

func (d *decoder) bundler(t tag) error {
	b := &d.m.Bundler
	return d.fields(t, []field{
		{"name", optional, "", value(d, &b.Name, anyText)},
		{"version", optional, "", value(d, &b.Version, anyText)},
		{"release", optional, "", value(d, &b.Release, anyText)},
	})
}

func (d *decoder) machineConfiguration(t tag) error {
	if d.m.Version == version3 {
		return errors.New("is an unknown element in version 3")
	}
	mc := &d.m.Machine
	known := []field{{"architecture", required, "", value(d, &mc.Architecture, parseToken)}}
	if d.m.Version == Version {
		known = append(known,
			field{"block_device_mapping", optional, "", d.blockDeviceMapping},
			field{"kernel_id", optional, "", value(d, &mc.KernelID, anyText)},
			field{"ramdisk_id", optional, "", value(d, &mc.RamdiskID, anyText)},
			field{"product_codes", optional, "", d.list("product_code", &mc.ProductCodes)})
	}
	err := d.fields(t, known)
	d.machineSource = d.data[t.start:d.pos]
	return err
}

func (d *decoder) blockDeviceMapping(t tag) error {
	devices := &d.m.Machine.BlockDevices
	seen := make(map[string]bool)
	return d.fields(t, []field{{"mapping", repeated, "", func(t tag) error {
		var b BlockDevice
		err := d.fields(t, []field{
			{"virtual", required, "", value(d, &b.Virtual, someText)},
			{"device", required, "", value(d, &b.Device, someText)},
		})
		if err == nil && seen[b.Virtual] {
			return faultf("virtual", "is %.60q, like one before", b.Virtual)
		}
		seen[b.Virtual] = true
		*devices = append(*devices, b)
		return err
	}}})
}

// list reads an element that holds any number of elements called name.
func (d *decoder) list(name string, dst *[]string) func(tag) error {
	return func(t tag) error {
		return d.fields(t, []field{{name, repeated, "", values(d, dst, someText)}})
	}
}

func (d *decoder) image(t tag) error {
	im := &d.m.Image
	known := []field{
		{"name", required, "", value(d, &im.Name, parseName)},
		{"user", required, "", value(d, &im.User, ParseUser)},
		{"digest", required, "algorithm", marked("SHA1", value(d, &im.Digest, parseImageDigest))},
		{"size", required, "", value(d, &im.Size, parseSize)},
		{"bundled_size", required, "", value(d, &im.BundledSize, parseDecimal)},
		{"ec2_encrypted_key", required, "algorithm", marked("AES-128-CBC", value(d, &im.EC2Key, parseHex))},
		{"user_encrypted_key", required, "algorithm", marked("AES-128-CBC", value(d, &im.UserKey, parseHex))},
		{"ec2_encrypted_iv", required, "", value(d, &im.EC2IV, parseHex)},
		{"user_encrypted_iv", required, "", value(d, &im.UserIV, parseHex)},
		{"parts", required, "count", d.parts},
	}
	if d.m.Version == Version {
		known = append(known,
			field{"type", required, "", value(d, &im.Type, parseType)},
			field{"kernel_name", optional, "", value(d, &im.KernelName, anyText)},
			field{"ancestry", optional, "", d.list("ancestor_ami_id", &im.Ancestry)})
	}
	err := d.fields(t, known)
	d.imageSource = d.data[t.start:d.pos]
	return err
}
