package ec2query

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
)

// RegisterImage registers an image. It is not sent again where it may have happened: look for the name then.
func (c *Client) RegisterImage(ctx context.Context, in *RegisterImageInput) (*ImageIDOutput, error) {
	return call[ImageIDOutput](ctx, c, "RegisterImage", in)
}

// CopyImage copies an image into the client's region, with a ClientToken of its own where in has none.
func (c *Client) CopyImage(ctx context.Context, in *CopyImageInput) (*ImageIDOutput, error) {
	with := *in
	if with.ClientToken == "" {
		with.ClientToken = rand.Text()
	}
	return call[ImageIDOutput](ctx, c, "CopyImage", &with)
}

// DeregisterImage takes an image away. It is not sent again where it may have happened.
func (c *Client) DeregisterImage(ctx context.Context, in *DeregisterImageInput) (*DeregisterImageOutput, error) {
	return call[DeregisterImageOutput](ctx, c, "DeregisterImage", in)
}

// DescribeImages returns a page of images.
func (c *Client) DescribeImages(ctx context.Context, in *DescribeImagesInput) (*DescribeImagesOutput, error) {
	return call[DescribeImagesOutput](ctx, c, "DescribeImages", in)
}

// Images yields the images of all pages. An error is the last that it yields.
func (c *Client) Images(ctx context.Context, in *DescribeImagesInput) iter.Seq2[Image, error] {
	page := *in
	return func(yield func(Image, error) bool) {
		for seen := map[string]bool{}; !seen[page.NextToken]; {
			seen[page.NextToken] = true
			out, err := c.DescribeImages(ctx, &page)
			if err != nil {
				yield(Image{}, err)
				return
			}
			for _, image := range out.Images {
				if !yield(image, nil) {
					return
				}
			}
			if page.NextToken = out.NextToken; page.NextToken == "" {
				return
			}
		}
		yield(Image{}, errors.New("ec2 DescribeImages: the endpoint gave the same page twice"))
	}
}

// CreateTags sets tags.
func (c *Client) CreateTags(ctx context.Context, in *CreateTagsInput) (*ReturnOutput, error) {
	return call[ReturnOutput](ctx, c, "CreateTags", in)
}

// DeleteTags removes tags.
func (c *Client) DeleteTags(ctx context.Context, in *DeleteTagsInput) (*ReturnOutput, error) {
	return call[ReturnOutput](ctx, c, "DeleteTags", in)
}
