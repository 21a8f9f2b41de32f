package ec2query

import "time"

// ModifyImageAttributeInput changes one attribute of an image, in one of two forms: as structures or flat, with
// Attribute and OperationType.
type ModifyImageAttributeInput struct {
	ImageID          string             `ec2:"ImageId"`
	Description      *AttributeValue    `ec2:"Description"`
	LaunchPermission *LaunchPermissions `ec2:"LaunchPermission"`
	ImdsSupport      *AttributeValue    `ec2:"ImdsSupport"`

	Attribute              string   `ec2:"Attribute"`
	OperationType          string   `ec2:"OperationType"` // add or remove
	UserIDs                []string `ec2:"UserId"`
	UserGroups             []string `ec2:"UserGroup"`
	OrganizationARNs       []string `ec2:"OrganizationArn"`
	OrganizationalUnitARNs []string `ec2:"OrganizationalUnitArn"`
	ProductCodes           []string `ec2:"ProductCode"`
	Value                  *string  `ec2:"Value"`

	DryRun bool `ec2:"DryRun"`
}

// AttributeInput is the request DescribeImageAttribute, and ResetImageAttribute, which takes launchPermission only.
type AttributeInput struct {
	ImageID   string `ec2:"ImageId"`
	Attribute string `ec2:"Attribute"`
	DryRun    bool   `ec2:"DryRun"`
}

// DescribeImageAttributeOutput has the attribute that was asked for.
type DescribeImageAttributeOutput struct {
	ImageID                  string               `ec2:"ImageId"`
	LaunchPermissions        []LaunchPermission   `ec2:"LaunchPermission"`
	ProductCodes             []ProductCode        `ec2:"ProductCodes"`
	BlockDeviceMappings      []BlockDeviceMapping `ec2:"BlockDeviceMapping"`
	Description              *AttributeValue      `ec2:"Description"`
	Kernel                   *AttributeValue      `ec2:"Kernel"`
	Ramdisk                  *AttributeValue      `ec2:"Ramdisk"`
	SriovNetSupport          *AttributeValue      `ec2:"SriovNetSupport"`
	BootMode                 *AttributeValue      `ec2:"BootMode"`
	TpmSupport               *AttributeValue      `ec2:"TpmSupport"`
	ImdsSupport              *AttributeValue      `ec2:"ImdsSupport"`
	UefiData                 *AttributeValue      `ec2:"UefiData"`
	LastLaunchedTime         *AttributeValue      `ec2:"LastLaunchedTime"`
	DeregistrationProtection *AttributeValue      `ec2:"DeregistrationProtection"`
}

// EnableImageDeprecationInput sets when an image is deprecated; EC2 rounds to the minute.
type EnableImageDeprecationInput struct {
	ImageID     string    `ec2:"ImageId"`
	DeprecateAt time.Time `ec2:"DeprecateAt"`
	DryRun      bool      `ec2:"DryRun"`
}
