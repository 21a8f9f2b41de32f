package registry

import "time"

// An Image is a machine image as the registry knows it. Its JSON form is that of an image in the answer of
// `aws ec2 describe-images`, with the additional fields Region, ManifestDigest, DeregistrationTime,
// CooldownEnd and LaunchPermissions; a stored record is this form with a Nonce. New fields may be added, none is
// renamed.
type Image struct {
	ID          string `json:"ImageId"`
	Name        string `json:"Name"`                  // 3 to 128 of letters, digits and ()[] ./-'@_
	Description string `json:"Description,omitempty"` // at most 255 characters
	Owner       string `json:"OwnerId"`               // an account, 12 digits
	Region      string `json:"Region"`                // where the bundle is: lower-case letters, digits, dashes

	// Location is the manifest, as the caller names it (s3://bucket/web/image.manifest.xml or an absolute
	// path). Locations are compared as strings, so one manifest must always be spelled alike.
	Location       string `json:"ImageLocation"`
	ManifestDigest string `json:"ManifestDigest,omitempty"` // SHA-256 of the manifest's bytes, in hex

	Type               string        `json:"ImageType"`    // machine
	Architecture       string        `json:"Architecture"` // see manifest.Architectures
	KernelID           string        `json:"KernelId,omitempty"`
	RamdiskID          string        `json:"RamdiskId,omitempty"`
	RootDeviceType     string        `json:"RootDeviceType"` // instance-store
	RootDeviceName     string        `json:"RootDeviceName,omitempty"`
	BlockDevices       []BlockDevice `json:"BlockDeviceMappings,omitempty"`
	VirtualizationType string        `json:"VirtualizationType"`        // hvm or paravirtual
	Platform           string        `json:"Platform,omitempty"`        // windows, or empty
	BootMode           string        `json:"BootMode,omitempty"`        // legacy-bios, uefi or uefi-preferred
	EnaSupport         bool          `json:"EnaSupport,omitempty"`      // enhanced networking, newer kind
	SriovNetSupport    string        `json:"SriovNetSupport,omitempty"` // simple: enhanced networking, older kind
	ProductCodes       []ProductCode `json:"ProductCodes,omitempty"`
	Tags               []Tag         `json:"Tags,omitempty"`
	SourceImageID      string        `json:"SourceImageId,omitempty"` // of the image that this one is a copy of
	SourceImageRegion  string        `json:"SourceImageRegion,omitempty"`

	State              State        `json:"State"`
	StateReason        *StateReason `json:"StateReason,omitempty"`
	CreationDate       Time         `json:"CreationDate"`
	DeprecationTime    Time         `json:"DeprecationTime,omitzero"`
	LastLaunchedTime   Time         `json:"LastLaunchedTime,omitzero"`
	DeregistrationTime Time         `json:"DeregistrationTime,omitzero"`

	DeregistrationProtection Protection `json:"DeregistrationProtection,omitempty"`
	CooldownEnd              Time       `json:"CooldownEnd,omitzero"` // no deregistration before

	LaunchPermissions []LaunchPermission `json:"LaunchPermissions,omitempty"`
}

// A BlockDevice maps a device name (/dev/sdb) to a virtual device (ephemeral0) or to an EBS volume.
type BlockDevice struct {
	DeviceName  string `json:"DeviceName"`
	VirtualName string `json:"VirtualName,omitempty"`
	EBS         *EBS   `json:"Ebs,omitempty"`
}

// An EBS is a volume that an instance gets.
type EBS struct {
	SnapshotID          string `json:"SnapshotId,omitempty"` // what the volume holds at first, else nothing
	VolumeSize          int64  `json:"VolumeSize,omitempty"` // in GiB; zero is the snapshot's
	VolumeType          string `json:"VolumeType,omitempty"` // gp3
	Encrypted           bool   `json:"Encrypted"`
	DeleteOnTermination bool   `json:"DeleteOnTermination"`
}

// A ProductCode ties an image to a product. Those of a manifest are of type devpay.
type ProductCode struct {
	ID   string `json:"ProductCodeId"`
	Type string `json:"ProductCodeType"`
}

// A Tag is a key and a value of the owner's.
type Tag struct{ Key, Value string }

// A StateReason says why an image is in its state.
type StateReason struct{ Code, Message string }

// A Protection says whether an image is safe from being deregistered. Empty means disabled.
type Protection string

// A cooldown is the time for which a protection outlives its end.
const (
	Unprotected           Protection = "disabled"
	Protected             Protection = "enabled-without-cooldown"
	ProtectedWithCooldown Protection = "enabled-with-cooldown"
)

// A LaunchPermission lets one grantee launch an image. Exactly one field is set.
type LaunchPermission struct {
	UserID                string `json:"UserId,omitempty"`
	Group                 string `json:"Group,omitempty"` // all
	OrganizationARN       string `json:"OrganizationArn,omitempty"`
	OrganizationalUnitARN string `json:"OrganizationalUnitArn,omitempty"`
}

// Copying reports whether the image is a copy whose bundle is on its way.
func (m Image) Copying() bool { return m.State == Pending && m.SourceImageID != "" }

// registrationTime is more than any registration takes: seconds, and minutes in a store that has to be asked again.
const registrationTime = time.Hour

// CutShort reports whether the image is what a registration that was killed has most likely left. Nothing is lost if
// not: AbortCopy ends it only while it is pending, and then the registration fails.
func (m Image) CutShort(now time.Time) bool {
	return m.State == Pending && !m.Copying() && now.Sub(m.CreationDate.Time) >= registrationTime
}

// Public reports whether every account may launch the image.
func (m Image) Public() bool {
	for _, p := range m.LaunchPermissions {
		if p.Group == "all" {
			return true
		}
	}
	return false
}
