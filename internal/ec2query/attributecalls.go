package ec2query

import "context"

// ModifyImageAttribute changes one attribute of an image.
func (c *Client) ModifyImageAttribute(ctx context.Context, in *ModifyImageAttributeInput) (*ReturnOutput, error) {
	return call[ReturnOutput](ctx, c, "ModifyImageAttribute", in)
}

// DescribeImageAttribute returns one attribute of an image.
func (c *Client) DescribeImageAttribute(ctx context.Context, in *AttributeInput) (*DescribeImageAttributeOutput, error) {
	return call[DescribeImageAttributeOutput](ctx, c, "DescribeImageAttribute", in)
}

// ResetImageAttribute makes an image private.
func (c *Client) ResetImageAttribute(ctx context.Context, in *AttributeInput) (*ReturnOutput, error) {
	return call[ReturnOutput](ctx, c, "ResetImageAttribute", in)
}

// EnableImageDeprecation sets when an image is deprecated.
func (c *Client) EnableImageDeprecation(ctx context.Context, in *EnableImageDeprecationInput) (*ReturnOutput, error) {
	return call[ReturnOutput](ctx, c, "EnableImageDeprecation", in)
}

// DisableImageDeprecation lifts an image's deprecation.
func (c *Client) DisableImageDeprecation(ctx context.Context, in *ImageInput) (*ReturnOutput, error) {
	return call[ReturnOutput](ctx, c, "DisableImageDeprecation", in)
}

// EnableImageDeregistrationProtection protects an image from deregistration.
func (c *Client) EnableImageDeregistrationProtection(ctx context.Context, in *EnableImageDeregistrationProtectionInput) (*ProtectionOutput, error) {
	return call[ProtectionOutput](ctx, c, "EnableImageDeregistrationProtection", in)
}

// DisableImageDeregistrationProtection ends that protection, at once or after its cooldown.
func (c *Client) DisableImageDeregistrationProtection(ctx context.Context, in *ImageInput) (*ProtectionOutput, error) {
	return call[ProtectionOutput](ctx, c, "DisableImageDeregistrationProtection", in)
}

// DisableImage disables an image and removes its launch permissions.
func (c *Client) DisableImage(ctx context.Context, in *ImageInput) (*ReturnOutput, error) {
	return call[ReturnOutput](ctx, c, "DisableImage", in)
}

// EnableImage enables an image again, without its launch permissions.
func (c *Client) EnableImage(ctx context.Context, in *ImageInput) (*ReturnOutput, error) {
	return call[ReturnOutput](ctx, c, "EnableImage", in)
}

// CancelImageLaunchPermission gives back the caller's own permission to launch an image.
func (c *Client) CancelImageLaunchPermission(ctx context.Context, in *ImageInput) (*ReturnOutput, error) {
	return call[ReturnOutput](ctx, c, "CancelImageLaunchPermission", in)
}

// EnableImageBlockPublicAccess forbids the account to make images public in the region.
func (c *Client) EnableImageBlockPublicAccess(ctx context.Context, in *BlockPublicAccessInput) (*BlockPublicAccessOutput, error) {
	return call[BlockPublicAccessOutput](ctx, c, "EnableImageBlockPublicAccess", in)
}

// DisableImageBlockPublicAccess allows it again.
func (c *Client) DisableImageBlockPublicAccess(ctx context.Context, in *AccountInput) (*BlockPublicAccessOutput, error) {
	return call[BlockPublicAccessOutput](ctx, c, "DisableImageBlockPublicAccess", in)
}

// GetImageBlockPublicAccessState returns which of the two holds.
func (c *Client) GetImageBlockPublicAccessState(ctx context.Context, in *AccountInput) (*BlockPublicAccessOutput, error) {
	return call[BlockPublicAccessOutput](ctx, c, "GetImageBlockPublicAccessState", in)
}
