package main

import (
	"context"

	"amiforge/internal/cli"
	"amiforge/internal/registry"
)

// blocking is the answer about block public access, in EC2's words.
type blocking struct {
	State   string `json:"ImageBlockPublicAccessState"`
	Region  string
	OwnerID string `json:"OwnerId"`
}

// blockPublicAccess decides, or shows, whether the account's images in the region are kept from becoming public.
func blockPublicAccess(ctx context.Context, e *cli.Env, engine registry.Engine, account, what string) error {
	region := e.ImageRegion()
	if what == "show" {
		blocked, err := engine.BlockPublicAccess(ctx, region, account)
		if err != nil {
			return err
		}
		answer := blocking{stateOf(blocked), region, account}
		return e.Result(answer.State, answer)
	}
	block := what == "on"
	if err := engine.SetBlockPublicAccess(ctx, region, account, block); err != nil {
		return err
	}
	if block {
		e.Notef("images of %s in region %s cannot be made public; those that are public stay so", account, region)
	} else {
		e.Notef("images of %s in region %s can be made public", account, region)
	}
	return e.Result("", blocking{stateOf(block), region, account})
}

func stateOf(blocked bool) string {
	if blocked {
		return "block-new-sharing"
	}
	return "unblocked"
}
