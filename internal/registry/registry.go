// Package registry keeps machine images: what they are, where their bundles lie and who may use them.
//
// A registry is a directory or an S3 bucket prefix that any number of machines share without a server, or a
// PostgreSQL database for those who outgrow one bucket. In the former its records lie under one prefix,
// .registry/v1/, in the latter in one table:
//
//	images/<image ID>.json                       an image's record
//	names/<region>/<owner>/<SHA-256 of name>.json  the claim that makes a name an image's own
//	settings/<region>/<account>.json             what an account decided for a region
//	copies/<region>/<00 to 99>.json              the places of the copies on their way to a region
//	index/<two digits>.json                      in a bucket: the records of a shard, a cache for listings
//	format                                       in a bucket: which endpoints have been probed
//
// Records are only ever created where nothing was and replaced where nothing has changed meanwhile (see
// Keys); nothing is deleted. An image that is gone is a tombstone: its record stays, its state says so.
// The errors that EC2 has a code for are of type *Error, with EC2's code and words.
//
// A registry may also be EC2 itself, in one region: then its engine speaks to EC2, which keeps no records of ours and
// judges by its own rules.
package registry

import (
	"context"
	"fmt"
	"path"

	"amiforge/internal/pgkeys"
	"amiforge/internal/store"
)

// An Engine is a registry at the level of its rules: every engine refuses the same things with the same
// *Error. Its methods may be called concurrently, by any number of processes.
type Engine interface {
	// Register enters an image and returns it with its ID, state and creation date, which must be zero in
	// what is given. Its name is unique within its owner and region: InvalidAMIName.Duplicate carries the
	// holder's ID. What the rules refuse has their code, see Image.
	Register(ctx context.Context, image Image) (Image, error)

	// Describe returns the images that match the query.
	Describe(ctx context.Context, query Query) (*Listing, error)

	// BeginCopy enters a pending image, the copy of image.SourceImageID in image.SourceImageRegion (see CopyOf),
	// and returns it with its ID. place says where the manifest of the copy with an ID will be. The name is taken
	// from now on, and one of the 100 places that the copies into a region have: ResourceLimitExceeded. A copy of
	// the same source by the same owner under the same name that is still pending is returned instead, to go on.
	BeginCopy(ctx context.Context, image Image, place func(id string) string) (Image, error)

	// FinishCopy makes a pending copy, whose bundle is there, available with the digest of its manifest. Again
	// with another digest, it puts that on record. A copy that was deregistered meanwhile is
	// InvalidAMIID.Unavailable.
	FinishCopy(ctx context.Context, id, manifestDigest string) (Image, error)

	// AbortCopy ends a pending copy, or what a registration has left pending, which becomes failed for the reason.
	// One that is no longer pending is InvalidAMIID.Unavailable and stays.
	AbortCopy(ctx context.Context, id string, reason error) error

	// Modify changes an image, for its owner and the administrator, and returns it. All changes are made or
	// none. Those that EC2 refuses have its code; a pending or dead image is InvalidAMIID.Unavailable.
	Modify(ctx context.Context, id string, by Caller, changes ...Change) (Image, error)

	// Deregister ends an image and frees its name; its bundle stays. While the image is protected or in its
	// cooldown, that is OperationNotPermitted. The image is returned as it was left,
	// also with InvalidAMIID.Unavailable, which says that it was deregistered before. An unknown ID is
	// InvalidAMIID.NotFound, another owner's image is AuthFailure.
	Deregister(ctx context.Context, id string, by Caller) (Image, error)

	// Sweep removes the public share of the caller's images, the administrator's are all, that are deprecated
	// and were not launched for six months, and returns them as they became; their other shares stay. With
	// dryRun it removes nothing and returns them as they are. What it could not read or change is in the
	// error, beside the images.
	Sweep(ctx context.Context, by Caller, dryRun bool) ([]Image, error)

	// BlockPublicAccess reports whether the account's images in region are kept from being made public. They
	// are unless SetBlockPublicAccess said otherwise; where the answer is not known, it is true with an error.
	BlockPublicAccess(ctx context.Context, region, account string) (bool, error)

	// SetBlockPublicAccess decides that. Images that are public already stay so. The account speaks for
	// itself: whether the caller may is the caller's to check.
	SetBlockPublicAccess(ctx context.Context, region, account string, block bool) error

	// Close releases what the engine holds. No method may be called after it.
	Close() error
}

// CleanLocation returns a registry's location as messages show it, without a password, or an error that says what a
// location looks like.
func CleanLocation(location string) (string, error) {
	if pgkeys.IsURL(location) {
		url, err := pgkeys.ParseURL(location)
		return url.String(), err
	}
	if region, ok := EC2Region(location); ok {
		return location, CheckRegion(region)
	}
	loc, err := store.ParseLocation(location)
	return loc.String(), err
}

// Open returns the engine of the registry at location: s3://bucket, s3://bucket/prefix, a directory,
// postgres://user@host/database, or ec2://region for EC2 itself. It sends nothing yet. A directory that is missing is
// made by the first registration, as the tables in a database are; nothing else makes them.
func Open(ctx context.Context, location string, cfg store.Config, opts *Options) (Engine, error) {
	if region, ok := EC2Region(location); ok {
		return openEC2(ctx, region, cfg, opts)
	}
	if pgkeys.IsURL(location) {
		keys, err := openDatabase(location)
		if err != nil {
			return nil, err
		}
		return New(keys, opts), nil
	}
	loc, err := store.ParseLocation(location)
	if err != nil {
		return nil, err
	}
	if loc.Bucket == "" {
		return New(NewDirKeys(loc.Dir), opts), nil
	}
	loc.Prefix = path.Join(loc.Prefix, folder)
	keys, err := store.OpenKeys(ctx, loc, cfg)
	if err != nil {
		return nil, err
	}
	return New(keys, opts), nil
}

// A Caller is who asks for something. The zero Caller is the registry's administrator, who may do all.
type Caller struct {
	Account       string   // 12 digits, or empty
	Organizations []string // the ARNs of the organization and the units that the account belongs to
	Region        string   // to change images of this region alone; empty: of any
}

// MayChange returns AuthFailure unless the caller owns the image or administers the registry. An image of another
// region than the caller's is InvalidAMIID.NotFound there.
func (c Caller) MayChange(m Image) error {
	if !is(c.Region, m.Region) {
		return c.elsewhere(m)
	}
	if c.manages(m) {
		return nil
	}
	return &Error{Code: AuthFailure, Message: "Not authorized for image:" + m.ID, IDs: []string{m.ID}}
}

// elsewhere is InvalidAMIID.NotFound, with the region that the image is in for those who may know.
func (c Caller) elsewhere(m Image) error {
	refusal := &Error{Code: IDNotFound, Message: fmt.Sprintf(notExisting, m.ID), IDs: []string{m.ID}}
	if c.manages(m) {
		refusal.Message += fmt.Sprintf(" in region %s: it is in region %s", c.Region, m.Region)
	}
	return refusal
}
