package registry

import (
	"context"
	"fmt"
	"strings"
	"time"

	"amiforge/internal/ec2query"
	"amiforge/internal/store"
)

// ec2Scheme begins the location of a registry that is EC2 itself: ec2://eu-west-1.
const ec2Scheme = "ec2://"

// EC2Region returns the region of a registry's location that is EC2 itself.
func EC2Region(location string) (region string, ok bool) {
	return strings.CutPrefix(location, ec2Scheme)
}

// ec2 is the engine on EC2 in one region. EC2 has the rules and judges by them; here is only what would be lost on
// the way. Who asks is whom the credentials belong to: the caller of a query is not looked at, and the caller of a
// change is refused where EC2 says that the image is another account's.
type ec2 struct {
	client *ec2query.Client
	region string
	dryRun bool
	now    func() time.Time
	wait   func(context.Context, time.Duration) error
}

// openEC2 returns the engine on EC2 in region. Of cfg it takes the profile and the user agent: the endpoint there is
// that of S3. It sends nothing yet.
func openEC2(ctx context.Context, region string, cfg store.Config, opts *Options) (Engine, error) {
	if err := CheckRegion(region); err != nil {
		return nil, fmt.Errorf("%s%s: %w", ec2Scheme, region, err)
	}
	client, err := ec2query.NewClient(ctx, region, &ec2query.Options{Profile: cfg.Profile, UserAgent: cfg.UserAgent})
	if err != nil {
		return nil, err
	}
	return newEC2(client, region, opts), nil
}

func newEC2(client *ec2query.Client, region string, opts *Options) *ec2 {
	e := &ec2{client: client, region: region, now: time.Now, wait: wait}
	if opts != nil && opts.Now != nil {
		e.now = opts.Now
	}
	e.dryRun = opts != nil && opts.DryRun
	return e
}

// Close does nothing: connections end by themselves.
func (e *ec2) Close() error { return nil }

// checkRegion refuses a region that this engine is not in. None is this one.
func (e *ec2) checkRegion(region string) error {
	if !is(region, e.region) {
		return invalid("region", region, "This registry is EC2 in region "+e.region+".")
	}
	return nil
}

// Sweep is EC2's own to do.
func (e *ec2) Sweep(context.Context, Caller, bool) ([]Image, error) {
	return nil, unsupported("EC2 removes the public share of obsolete images itself.")
}

// BeginCopy is refused, see RemoteCopier.
func (e *ec2) BeginCopy(context.Context, Image, func(id string) string) (Image, error) {
	return Image{}, copiesItself()
}

// FinishCopy is refused, see RemoteCopier.
func (e *ec2) FinishCopy(context.Context, string, string) (Image, error) {
	return Image{}, copiesItself()
}

// AbortCopy is refused, see RemoteCopier.
func (e *ec2) AbortCopy(context.Context, string, error) error { return copiesItself() }

func copiesItself() error {
	return unsupported("EC2 copies images itself: a bundle is not copied into its registry.")
}
