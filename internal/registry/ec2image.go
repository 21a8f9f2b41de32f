package registry

import (
	"strings"

	"amiforge/internal/ec2query"
)

// imageOfEC2 returns an image as the registry knows it. Of the launch permissions it has the group all: with whom
// else an image is shared is asked for with another request.
func imageOfEC2(w ec2query.Image, region string) Image {
	m := Image{
		ID: w.ImageID, Name: w.Name, Description: w.Description, Owner: w.OwnerID, Region: region,
		Location: locationOfEC2(w),
		Type:     w.ImageType, Architecture: w.Architecture, KernelID: w.KernelID, RamdiskID: w.RamdiskID,
		RootDeviceType: w.RootDeviceType, RootDeviceName: w.RootDeviceName,
		VirtualizationType: w.VirtualizationType, Platform: w.Platform, BootMode: w.BootMode,
		EnaSupport: isTrue(w.EnaSupport), SriovNetSupport: w.SriovNetSupport,
		SourceImageID: w.SourceImageID, SourceImageRegion: w.SourceImageRegion,
		State: State(w.State), CreationDate: TimeOf(w.CreationDate),
		DeprecationTime: TimeOf(w.DeprecationTime), LastLaunchedTime: TimeOf(w.LastLaunchedTime),
		DeregistrationProtection: Protection(w.DeregistrationProtection),
	}
	for _, c := range w.ProductCodes {
		m.ProductCodes = append(m.ProductCodes, ProductCode(c))
	}
	for _, t := range w.Tags {
		m.Tags = append(m.Tags, Tag(t))
	}
	if w.StateReason != nil {
		m.StateReason = (*StateReason)(w.StateReason)
	}
	m.BlockDevices = devicesOfEC2(w.BlockDeviceMappings)
	if w.Public {
		m.LaunchPermissions = []LaunchPermission{everyone()}
	}
	return m
}

// locationOfEC2 returns bucket/path as s3://bucket/path. With images of snapshots EC2 writes owner/name there, and
// with some of old a URL.
func locationOfEC2(w ec2query.Image) string {
	manifest := strings.HasSuffix(w.ImageLocation, ".manifest.xml") && w.RootDeviceType != "ebs"
	if !manifest || strings.HasPrefix(w.ImageLocation, "/") || strings.Contains(w.ImageLocation, "://") {
		return w.ImageLocation
	}
	return "s3://" + w.ImageLocation
}

func devicesOfEC2(mappings []ec2query.BlockDeviceMapping) []BlockDevice {
	var devices []BlockDevice
	for _, w := range mappings {
		if w.NoDevice != nil {
			continue
		}
		d := BlockDevice{DeviceName: w.DeviceName, VirtualName: w.VirtualName}
		if v := w.Ebs; v != nil {
			d.EBS = &EBS{
				SnapshotID: v.SnapshotID, VolumeSize: v.VolumeSize, VolumeType: v.VolumeType,
				Encrypted: isTrue(v.Encrypted), DeleteOnTermination: v.DeleteOnTermination == nil || *v.DeleteOnTermination,
			}
		}
		devices = append(devices, d)
	}
	return devices
}

// devicesForEC2 returns the devices in EC2's form. The volume of a snapshot is encrypted as that is: EC2 refuses to
// be told.
func devicesForEC2(devices []BlockDevice) []ec2query.BlockDeviceMapping {
	var mappings []ec2query.BlockDeviceMapping
	for _, d := range devices {
		w := ec2query.BlockDeviceMapping{DeviceName: d.DeviceName, VirtualName: d.VirtualName}
		if v := d.EBS; v != nil {
			w.Ebs = &ec2query.Ebs{
				SnapshotID: v.SnapshotID, VolumeSize: v.VolumeSize, VolumeType: v.VolumeType,
				DeleteOnTermination: new(v.DeleteOnTermination),
			}
			if v.SnapshotID == "" {
				w.Ebs.Encrypted = new(v.Encrypted)
			}
		}
		mappings = append(mappings, w)
	}
	return mappings
}

func tagsForEC2(tags []Tag) []ec2query.Tag {
	return each(tags, func(t Tag) ec2query.Tag { return ec2query.Tag(t) })
}

func isTrue(b *bool) bool { return b != nil && *b }
