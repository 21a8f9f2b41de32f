package registry

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A CopyRequest says what copy of an image is wanted.
type CopyRequest struct {
	Name        string
	Description string
	Owner       string // empty: the caller, else the source's owner
	Region      string // where the copy goes
	By          Caller

	CopyTags       bool
	Encrypted      *bool    // the volumes of the copy, of which true wants one; nil: as those of the source
	Virtualization []string // the types that machines of the region boot; none: all
	KernelID       string   // instead of the source's
	RamdiskID      string
}

// CopyOf returns the image that a copy of source is to become, for BeginCopy. source is as Describe shows it to By:
// who sees an image may copy it, if its bundle can be read. The copy has what describes the machine and
// neither launch permissions nor dates nor protection; tags where they are asked for and the caller's own.
//
// Its volumes are made of the same snapshots as the source's, in another region too. EC2 copies snapshots and names the
// copies there; a registry has none to copy, and a volume without its snapshot would be an empty one. Who launches the
// copy sees to it that they are there.
func CopyOf(source Image, r CopyRequest) (Image, error) {
	if source.State != Available {
		return Image{}, source.unavailable()
	}
	m := Image{
		Name: r.Name, Description: r.Description, Region: r.Region,
		Owner: orElse(r.Owner, orElse(r.By.Account, source.Owner)),
		Type:  source.Type, Architecture: source.Architecture, Platform: source.Platform, BootMode: source.BootMode,
		KernelID: orElse(r.KernelID, source.KernelID), RamdiskID: orElse(r.RamdiskID, source.RamdiskID),
		RootDeviceType: source.RootDeviceType, RootDeviceName: source.RootDeviceName,
		VirtualizationType: source.VirtualizationType,
		EnaSupport:         source.EnaSupport, SriovNetSupport: source.SriovNetSupport,
		ProductCodes:  slices.Clone(source.ProductCodes),
		SourceImageID: source.ID, SourceImageRegion: source.Region,
	}
	if r.CopyTags && r.By.manages(source) {
		m.Tags = without(source.Tags, func(t Tag) bool { return strings.HasPrefix(t.Key, "aws:") })
	}
	if err := r.judge(source, m); err != nil {
		return Image{}, err
	}
	var err error
	m.BlockDevices, err = r.copyDevices(source.BlockDevices)
	return m, err
}

// judge refuses copies that EC2 does not make.
func (r CopyRequest) judge(source, m Image) error {
	if len(source.ProductCodes) > 0 && m.Owner != source.Owner {
		return notPermitted(source.ID, "An image with product codes cannot be copied to another account.")
	}
	if len(r.Virtualization) > 0 && !slices.Contains(r.Virtualization, source.VirtualizationType) {
		message := fmt.Sprintf("The image %s is %s; region %s has no machines for that.", source.ID, source.VirtualizationType, r.Region)
		return &Error{Code: InvalidRequest, Message: message, IDs: []string{source.ID}}
	}
	if r.Encrypted != nil && *r.Encrypted && !slices.ContainsFunc(source.BlockDevices, BlockDevice.isVolume) {
		message := fmt.Sprintf("The image %s has no volumes. A copy does not change the encryption of an instance store.", source.ID)
		return &Error{Code: InvalidRequest, Message: message, IDs: []string{source.ID}}
	}
	return nil
}

// copyDevices returns the devices, encrypted as the request says: what is encrypted stays so.
func (r CopyRequest) copyDevices(devices []BlockDevice) ([]BlockDevice, error) {
	copies := slices.Clone(devices)
	for i, d := range copies {
		if !d.isVolume() || r.Encrypted == nil {
			continue
		}
		if d.EBS.Encrypted && !*r.Encrypted {
			message := fmt.Sprintf("Snapshot %s is encrypted. Creating an unencrypted copy from an encrypted snapshot is not "+
				"supported.", orElse(d.EBS.SnapshotID, "of "+d.DeviceName))
			return nil, &Error{Code: InvalidRequest, Message: message}
		}
		volume := *d.EBS
		volume.Encrypted = *r.Encrypted
		copies[i].EBS = &volume
	}
	return copies, nil
}

func (d BlockDevice) isVolume() bool { return d.EBS != nil }

// CopyDiffers returns in what the pending copy is another one than asked, which CopyOf made of the same source: the
// names of the fields that CopyOf sets, but for those by which BeginCopy has found the pending one.
func CopyDiffers(asked, pending Image) []string {
	var names []string
	for _, field := range []struct {
		name string
		same bool
	}{
		{"description", asked.Description == pending.Description},
		{"type", orElse(asked.Type, pending.Type) == pending.Type}, // what a source leaves open, the registry fills in
		{"architecture", asked.Architecture == pending.Architecture},
		{"kernel", asked.KernelID == pending.KernelID},
		{"ramdisk", asked.RamdiskID == pending.RamdiskID},
		{"root device type", orElse(asked.RootDeviceType, pending.RootDeviceType) == pending.RootDeviceType},
		{"root device", asked.RootDeviceName == pending.RootDeviceName},
		{"block devices", reflect.DeepEqual(filled(asked.BlockDevices), filled(pending.BlockDevices))},
		{"virtualization", orElse(asked.VirtualizationType, pending.VirtualizationType) == pending.VirtualizationType},
		{"platform", asked.Platform == pending.Platform},
		{"boot mode", asked.BootMode == pending.BootMode},
		{"ENA support", asked.EnaSupport == pending.EnaSupport},
		{"SR-IOV support", asked.SriovNetSupport == pending.SriovNetSupport},
		{"product codes", slices.Equal(asked.ProductCodes, pending.ProductCodes)},
		{"tags", slices.Equal(sorted(asked.Tags), sorted(pending.Tags))},
	} {
		if !field.same {
			names = append(names, field.name)
		}
	}
	return names
}

// filled returns the list, nil if it is empty: a stored one does not tell the two apart.
func filled(devices []BlockDevice) []BlockDevice {
	if len(devices) == 0 {
		return nil
	}
	return devices
}

// sorted returns the tags in the order of their keys: EC2 gives them in any.
func sorted(tags []Tag) []Tag {
	return slices.SortedFunc(slices.Values(tags), func(a, b Tag) int { return cmp.Compare(a.Key, b.Key) })
}
