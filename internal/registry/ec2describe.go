package registry

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"amiforge/internal/ec2query"
)

const (
	// ec2Shown is how many images a listing has, at most, that shows with whom they are shared.
	ec2Shown = 50
	// ec2Askers is how many requests for launch permissions are on their way at a time.
	ec2Askers = 8
)

// Describe asks EC2. Its answers differ from other engines' in this:
//
// Without IDs, an owner, AnyOwner, a location or those that images are executable by, a query is for the account's
// own images. EC2 would give those of everybody, 100,000 and more, and whoever looks for a name there may find a
// stranger's. A filter on owner-id or owner-alias says whose images are meant, too.
//
// LaunchPermissions are those of the account's own images, where the query has IDs or finds at most 50 images: EC2
// takes a request for each. Of others' images, and in longer listings, they have the group all alone.
//
// Pending and failed images are always in a listing, and deregistered ones for as long as EC2 remembers them.
func (e *ec2) Describe(ctx context.Context, query Query) (*Listing, error) {
	if err := query.checkForEC2(); err != nil {
		return nil, err
	}
	if !is(query.Region, e.region) && len(query.IDs) > 0 {
		return nil, notFound(unique(query.IDs)...)
	}
	if !is(query.Region, e.region) {
		return &Listing{}, nil
	}
	images, err := e.find(ctx, query)
	if err != nil {
		return nil, err
	}
	if len(query.IDs) > 0 || len(images) <= ec2Shown {
		if err := e.addShares(ctx, images); err != nil {
			return nil, err
		}
	}
	return &Listing{Images: images}, nil
}

// checkForEC2 refuses what EC2 would not see or not understand. Which filters there are is EC2's to say.
func (q Query) checkForEC2() error {
	for _, id := range q.IDs {
		if err := CheckID(id); err != nil {
			return err
		}
	}
	for _, f := range q.Filters {
		if len(f.Values) == 0 {
			return missing("Filter.Value")
		}
	}
	return nil
}

// find returns the images that the query asks for, in the order of a listing.
func (e *ec2) find(ctx context.Context, q Query) ([]Image, error) {
	images, err := e.describe(ctx, q.input())
	if err != nil {
		return nil, err
	}
	images = slices.DeleteFunc(images, func(m Image) bool { return !q.finds(m) })
	if len(q.IDs) == 0 {
		slices.SortFunc(images, byCreation)
		return images, nil
	}
	return q.inOrder(images)
}

// inOrder returns the images in the order of the query's IDs. EC2 leaves out those that were deregistered lately, as
// it does those that do not pass a filter.
func (q Query) inOrder(images []Image) ([]Image, error) {
	var ordered []Image
	var unknown []string
	for _, id := range unique(q.IDs) {
		i := slices.IndexFunc(images, func(m Image) bool { return m.ID == id })
		if i < 0 {
			unknown = append(unknown, id)
			continue
		}
		ordered = append(ordered, images[i])
	}
	filtered := q.Owner != "" || q.Name != "" || q.Location != "" || len(q.ExecutableBy)+len(q.Filters) > 0
	if len(unknown) > 0 && !filtered {
		return nil, notFound(unknown...)
	}
	return ordered, nil
}

// describe returns the images of all pages.
func (e *ec2) describe(ctx context.Context, in *ec2query.DescribeImagesInput) ([]Image, error) {
	var images []Image
	for w, err := range e.client.Images(ctx, in) {
		if err != nil {
			return nil, refused(err, in.ImageIDs...)
		}
		images = append(images, imageOfEC2(w, e.region))
	}
	return images, nil
}

// describeOne returns the image with an ID, also where it is deregistered and EC2 still tells.
func (e *ec2) describeOne(ctx context.Context, id string) (Image, error) {
	images, err := e.find(ctx, Query{IDs: []string{id}, IncludeDeregistered: true})
	if err != nil {
		return Image{}, err
	}
	return images[0], nil
}

// addShares gives the images their launch permissions, where they may be seen.
func (e *ec2) addShares(ctx context.Context, images []Image) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(ec2Askers)
	for i, m := range images {
		if m.State.Dead() {
			continue
		}
		group.Go(func() error {
			shares, err := e.launchPermissions(ctx, m.ID)
			if HasCode(err, AuthFailure, Unauthorized, IDNotFound, IDUnavailable) {
				return nil
			}
			images[i].LaunchPermissions = shares
			return err
		})
	}
	return group.Wait()
}

func (e *ec2) launchPermissions(ctx context.Context, id string) ([]LaunchPermission, error) {
	out, err := e.client.DescribeImageAttribute(ctx, &ec2query.AttributeInput{ImageID: id, Attribute: "launchPermission"})
	if err != nil {
		return nil, refused(err, id)
	}
	var shares []LaunchPermission
	for _, p := range out.LaunchPermissions {
		shares = append(shares, LaunchPermission(p))
	}
	return shares, nil
}
