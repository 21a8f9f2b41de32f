package registry

import (
	"context"

	"amiforge/internal/ec2query"
)

// BlockPublicAccess asks EC2. The account is the one that the credentials belong to, whatever is given: EC2 tells
// nobody of another's setting.
func (e *ec2) BlockPublicAccess(ctx context.Context, region, _ string) (bool, error) {
	if err := e.checkRegion(region); err != nil {
		return true, err
	}
	out, err := e.client.GetImageBlockPublicAccessState(ctx, &ec2query.AccountInput{})
	if err != nil {
		return true, refused(err)
	}
	return out.State != unblocked, nil
}

// SetBlockPublicAccess asks EC2, for the account that the credentials belong to. EC2 may take ten minutes.
func (e *ec2) SetBlockPublicAccess(ctx context.Context, region, _ string, block bool) error {
	if err := e.checkRegion(region); err != nil {
		return err
	}
	if !block {
		_, err := e.client.DisableImageBlockPublicAccess(ctx, &ec2query.AccountInput{DryRun: e.dryRun})
		return refused(err)
	}
	in := &ec2query.BlockPublicAccessInput{State: blockNewSharing, DryRun: e.dryRun}
	_, err := e.client.EnableImageBlockPublicAccess(ctx, in)
	return refused(err)
}
