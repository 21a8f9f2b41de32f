package registry

import (
	"context"
	"fmt"
	"strings"

	"amiforge/internal/ec2query"
)

// ec2Looks bounds how often EC2 is asked for what it was just told: it may take seconds to know.
const ec2Looks = 8

// Register has EC2 read the manifest and returns the image as EC2 describes it; one that it does not describe yet as
// it was asked for, pending. The owner is the account that the credentials belong to, whatever the image says.
func (e *ec2) Register(ctx context.Context, image Image) (Image, error) {
	in, err := e.registration(image)
	if err != nil {
		return Image{}, err
	}
	out, err := e.client.RegisterImage(ctx, in)
	switch {
	case err == nil:
		return e.registered(ctx, image, out.ImageID), nil
	case doubtful(err) && !e.dryRun:
		return e.findRegistered(ctx, in, err)
	}
	return Image{}, refused(err)
}

// registration returns the request that registers the image. What EC2 reads in the manifest alone, such as product
// codes and the name of the root device, is not in it: EC2 takes a root device's name with snapshots only.
func (e *ec2) registration(m Image) (*ec2query.RegisterImageInput, error) {
	if err := m.checkUnregistered(); err != nil {
		return nil, err
	}
	if err := e.checkRegion(m.Region); err != nil {
		return nil, err
	}
	location, err := ec2Location(m.Location)
	if err != nil {
		return nil, err
	}
	in := &ec2query.RegisterImageInput{
		Name: m.Name, Description: m.Description, ImageLocation: location,
		Architecture: m.Architecture, KernelID: m.KernelID, RamdiskID: m.RamdiskID,
		BlockDeviceMappings: devicesForEC2(m.BlockDevices), VirtualizationType: m.VirtualizationType,
		SriovNetSupport: m.SriovNetSupport, BootMode: m.BootMode, DryRun: e.dryRun,
	}
	if m.EnaSupport {
		in.EnaSupport = new(true)
	}
	if len(m.Tags) > 0 {
		in.TagSpecifications = []ec2query.TagSpecification{{ResourceType: "image", Tags: tagsForEC2(m.Tags)}}
	}
	return in, nil
}

// ec2Location returns the location of a manifest as EC2 writes it, bucket/path.
func ec2Location(location string) (string, error) {
	path, ok := strings.CutPrefix(location, "s3://")
	switch {
	case location == "":
		return "", missing("imageLocation")
	case !ok:
		return "", invalid("imageLocation", location, "EC2 registers bundles in S3: upload it, and give s3://bucket/path.")
	}
	return path, nil
}

// registered returns the image with an ID that EC2 has just given.
func (e *ec2) registered(ctx context.Context, asked Image, id string) Image {
	for attempt := range ec2Looks {
		m, err := e.describeOne(ctx, id)
		if err == nil {
			return m
		}
		if !HasCode(err, IDNotFound) || e.wait(ctx, pause(attempt)) != nil {
			break
		}
	}
	asked.ID, asked.Region, asked.State = id, e.region, Pending
	return asked
}

// findRegistered looks for the image of a registration whose answer was lost: its name, with the same manifest, among
// the account's own.
func (e *ec2) findRegistered(ctx context.Context, in *ec2query.RegisterImageInput, lost error) (Image, error) {
	mine := Query{Name: in.Name, Location: "s3://" + in.ImageLocation}.input()
	mine.Owners = []string{"self"}
	for attempt := range ec2Looks {
		found, err := e.describe(ctx, mine)
		if err == nil && len(found) == 1 {
			return found[0], nil
		}
		if err != nil || e.wait(ctx, pause(attempt)) != nil {
			break
		}
	}
	return Image{}, fmt.Errorf("register %q: %w; it may be registered in spite of that: look for its name", in.Name, refused(lost))
}
