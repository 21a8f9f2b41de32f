package ec2query

import "time"

// An Image is an image as DescribeImages gives it.
type Image struct {
	ImageID                  string               `ec2:"ImageId"`
	ImageLocation            string               `ec2:"ImageLocation"`
	State                    string               `ec2:"ImageState"`
	OwnerID                  string               `ec2:"ImageOwnerId"`
	OwnerAlias               string               `ec2:"ImageOwnerAlias"`
	CreationDate             time.Time            `ec2:"CreationDate"`
	Public                   bool                 `ec2:"IsPublic,,always"`
	ProductCodes             []ProductCode        `ec2:"ProductCodes"`
	Architecture             string               `ec2:"Architecture"`
	ImageType                string               `ec2:"ImageType"`
	KernelID                 string               `ec2:"KernelId"`
	RamdiskID                string               `ec2:"RamdiskId"`
	Platform                 string               `ec2:"Platform"`
	PlatformDetails          string               `ec2:"PlatformDetails"`
	UsageOperation           string               `ec2:"UsageOperation"`
	SriovNetSupport          string               `ec2:"SriovNetSupport"`
	EnaSupport               *bool                `ec2:"EnaSupport"`
	StateReason              *StateReason         `ec2:"StateReason"`
	Name                     string               `ec2:"Name"`
	Description              string               `ec2:"Description"`
	RootDeviceType           string               `ec2:"RootDeviceType"`
	RootDeviceName           string               `ec2:"RootDeviceName"`
	BlockDeviceMappings      []BlockDeviceMapping `ec2:"BlockDeviceMapping"`
	VirtualizationType       string               `ec2:"VirtualizationType"`
	Tags                     []Tag                `ec2:"Tag,tagSet"`
	Hypervisor               string               `ec2:"Hypervisor"`
	BootMode                 string               `ec2:"BootMode"`
	TpmSupport               string               `ec2:"TpmSupport"`
	ImdsSupport              string               `ec2:"ImdsSupport"`
	DeprecationTime          time.Time            `ec2:"DeprecationTime"`
	LastLaunchedTime         time.Time            `ec2:"LastLaunchedTime"`
	DeregistrationProtection string               `ec2:"DeregistrationProtection"`
	SourceImageID            string               `ec2:"SourceImageId"`
	SourceImageRegion        string               `ec2:"SourceImageRegion"`
	SourceInstanceID         string               `ec2:"SourceInstanceId"`
	ImageAllowed             *bool                `ec2:"ImageAllowed"`
	FreeTierEligible         *bool                `ec2:"FreeTierEligible"`
}

// A ProductCode is a seller's code on an image.
type ProductCode struct {
	ID   string `ec2:"ProductCode"`
	Type string `ec2:"Type"` // devpay or marketplace
}

// A StateReason says why an image is in its state.
type StateReason struct {
	Code    string `ec2:"Code"`
	Message string `ec2:"Message"`
}

// A BlockDeviceMapping says what a device of an instance is at launch: an ephemeral volume, an EBS volume or none.
type BlockDeviceMapping struct {
	DeviceName  string  `ec2:"DeviceName"`
	VirtualName string  `ec2:"VirtualName"` // ephemeral0 …
	NoDevice    *string `ec2:"NoDevice"`    // empty, to take a device away
	Ebs         *Ebs    `ec2:"Ebs"`
}

// Ebs is a volume that is made at launch.
type Ebs struct {
	SnapshotID          string `ec2:"SnapshotId"`
	VolumeSize          int64  `ec2:"VolumeSize"` // in GiB
	VolumeType          string `ec2:"VolumeType"`
	Iops                int64  `ec2:"Iops"`
	Throughput          int64  `ec2:"Throughput"` // in MiB a second
	Encrypted           *bool  `ec2:"Encrypted"`
	KmsKeyID            string `ec2:"KmsKeyId"`
	DeleteOnTermination *bool  `ec2:"DeleteOnTermination"` // absent is true
}

// A Tag is a word on an image.
type Tag struct {
	Key   string `ec2:"Key"`
	Value string `ec2:"Value,,always"`
}

// A TagSpecification is the tags of something that a request makes.
type TagSpecification struct {
	ResourceType string `ec2:"ResourceType"` // image, or snapshot for copies
	Tags         []Tag  `ec2:"Tag"`
}

// A LaunchPermission says who may launch an image. One of its fields is given.
type LaunchPermission struct {
	UserID                string `ec2:"UserId"`
	Group                 string `ec2:"Group"` // all
	OrganizationARN       string `ec2:"OrganizationArn"`
	OrganizationalUnitARN string `ec2:"OrganizationalUnitArn"`
}

// LaunchPermissions are changes of who may launch an image.
type LaunchPermissions struct {
	Add    []LaunchPermission `ec2:"Add"`
	Remove []LaunchPermission `ec2:"Remove"`
}

// An AttributeValue is the value of an attribute of one text, nil where it has none.
type AttributeValue struct {
	Value *string `ec2:"Value"`
}
