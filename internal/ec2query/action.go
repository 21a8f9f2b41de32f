package ec2query

// RegisterImageInput registers a bundle, or snapshots, as an image.
type RegisterImageInput struct {
	Name                string               `ec2:"Name"`
	Description         string               `ec2:"Description"`
	ImageLocation       string               `ec2:"ImageLocation"` // bucket/path/image.manifest.xml
	Architecture        string               `ec2:"Architecture"`
	KernelID            string               `ec2:"KernelId"`
	RamdiskID           string               `ec2:"RamdiskId"`
	RootDeviceName      string               `ec2:"RootDeviceName"`
	BlockDeviceMappings []BlockDeviceMapping `ec2:"BlockDeviceMapping"`
	VirtualizationType  string               `ec2:"VirtualizationType"` // absent is paravirtual
	SriovNetSupport     string               `ec2:"SriovNetSupport"`
	EnaSupport          *bool                `ec2:"EnaSupport"`
	BootMode            string               `ec2:"BootMode"`
	TpmSupport          string               `ec2:"TpmSupport"`
	ImdsSupport         string               `ec2:"ImdsSupport"`
	UefiData            string               `ec2:"UefiData"`
	BillingProducts     []string             `ec2:"BillingProduct"`
	TagSpecifications   []TagSpecification   `ec2:"TagSpecification"`
	DryRun              bool                 `ec2:"DryRun"`
}

// ImageIDOutput is the answer to RegisterImage and CopyImage: the new image.
type ImageIDOutput struct {
	ImageID string `ec2:"ImageId"`
}

// CopyImageInput copies an image into the region that it is sent to.
type CopyImageInput struct {
	Name                               string             `ec2:"Name"`
	SourceImageID                      string             `ec2:"SourceImageId"`
	SourceRegion                       string             `ec2:"SourceRegion"`
	Description                        string             `ec2:"Description"`
	Encrypted                          *bool              `ec2:"Encrypted"`
	KmsKeyID                           string             `ec2:"KmsKeyId"`
	CopyImageTags                      bool               `ec2:"CopyImageTags"`
	TagSpecifications                  []TagSpecification `ec2:"TagSpecification"`
	SnapshotCopyCompletionDurationMins int64              `ec2:"SnapshotCopyCompletionDurationMinutes"`
	ClientToken                        string             `ec2:"ClientToken"` // of at most 128 characters
	DryRun                             bool               `ec2:"DryRun"`
}

// DeregisterImageInput takes an image away.
type DeregisterImageInput struct {
	ImageID                   string `ec2:"ImageId"`
	DeleteAssociatedSnapshots bool   `ec2:"DeleteAssociatedSnapshots"`
	DryRun                    bool   `ec2:"DryRun"`
}

// DeregisterImageOutput is the answer to DeregisterImage.
type DeregisterImageOutput struct {
	Return    bool             `ec2:"Return,,always"`
	Snapshots []SnapshotResult `ec2:"DeleteSnapshotResultSet"`
}

// A SnapshotResult says what became of an image's snapshot.
type SnapshotResult struct {
	SnapshotID string `ec2:"SnapshotId"`
	ReturnCode string `ec2:"ReturnCode"`
}

// ImageInput is the request of the actions that take an image alone: DisableImage, EnableImage,
// DisableImageDeprecation, DisableImageDeregistrationProtection and CancelImageLaunchPermission.
type ImageInput struct {
	ImageID string `ec2:"ImageId"`
	DryRun  bool   `ec2:"DryRun"`
}

// ReturnOutput is the answer of the actions that only succeed.
type ReturnOutput struct {
	Return bool `ec2:"Return,,always"`
}

// EnableImageDeregistrationProtectionInput keeps an image from being deregistered.
type EnableImageDeregistrationProtectionInput struct {
	ImageID      string `ec2:"ImageId"`
	WithCooldown bool   `ec2:"WithCooldown"` // it lasts 24 hours longer than the protection
	DryRun       bool   `ec2:"DryRun"`
}

// ProtectionOutput is the answer to Enable and DisableImageDeregistrationProtection.
type ProtectionOutput struct {
	Return string `ec2:"Return"` // the new state, or true
}

// BlockPublicAccessInput is the request EnableImageBlockPublicAccess.
type BlockPublicAccessInput struct {
	State  string `ec2:"ImageBlockPublicAccessState"` // block-new-sharing
	DryRun bool   `ec2:"DryRun"`
}

// AccountInput is the request of the actions about the account in the region: DisableImageBlockPublicAccess and
// GetImageBlockPublicAccessState.
type AccountInput struct {
	DryRun bool `ec2:"DryRun"`
}

// BlockPublicAccessOutput is the answer to Enable and DisableImageBlockPublicAccess and
// GetImageBlockPublicAccessState.
type BlockPublicAccessOutput struct {
	State     string `ec2:"ImageBlockPublicAccessState"` // block-new-sharing or unblocked
	ManagedBy string `ec2:"ManagedBy"`                   // account or declarative-policy
}

// CreateTagsInput sets tags.
type CreateTagsInput struct {
	ResourceIDs []string `ec2:"ResourceId"`
	Tags        []Tag    `ec2:"Tag"`
	DryRun      bool     `ec2:"DryRun"`
}

// DeleteTagsInput removes tags.
type DeleteTagsInput struct {
	ResourceIDs []string    `ec2:"ResourceId"`
	Tags        []TagFilter `ec2:"Tag"` // none is all
	DryRun      bool        `ec2:"DryRun"`
}

// A TagFilter is a tag to delete: whatever its value is where that is nil.
type TagFilter struct {
	Key   string  `ec2:"Key"`
	Value *string `ec2:"Value"`
}
