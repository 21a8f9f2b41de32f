package registry

import (
	"fmt"
	"slices"
)

// maxVolumeSize is that of EC2's largest volume, in GiB.
const maxVolumeSize = 64 << 10

func (m Image) checkDevices() error {
	if err := checkToken("rootDeviceName", m.RootDeviceName); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, d := range m.BlockDevices {
		if d.DeviceName == "" || seen[d.DeviceName] {
			return invalid("blockDeviceMapping", d.DeviceName, "Each device is named once.")
		}
		seen[d.DeviceName] = true
		if err := d.check(); err != nil {
			return err
		}
	}
	return nil
}

func (d BlockDevice) check() error {
	if err := checkToken("deviceName", d.DeviceName); err != nil {
		return err
	}
	if err := checkToken("virtualName", d.VirtualName); err != nil || d.EBS == nil {
		return err
	}
	if d.VirtualName != "" {
		return invalid("virtualName", d.VirtualName, "A device is virtual or an EBS volume.")
	}
	return d.EBS.check()
}

func (v EBS) check() error {
	if v.SnapshotID == "" && v.VolumeSize == 0 {
		return missing("volumeSize")
	}
	if v.VolumeSize < 0 || v.VolumeSize > maxVolumeSize {
		return invalid("volumeSize", fmt.Sprint(v.VolumeSize), "A volume has 1 to 65536 GiB.")
	}
	if err := checkToken("snapshotId", v.SnapshotID); err != nil {
		return err
	}
	return checkToken("volumeType", v.VolumeType)
}

// encrypted reports whether any volume of the image is.
func (m Image) encrypted() bool {
	return slices.ContainsFunc(m.BlockDevices, func(d BlockDevice) bool { return d.EBS != nil && d.EBS.Encrypted })
}
