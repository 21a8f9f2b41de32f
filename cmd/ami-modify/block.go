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
	OwnerID string `json:"OwnerId,omitempty"`
}

// settingOf returns the account that a setting is of. In EC2 that is the one which the credentials belong to, and
// nobody here knows it.
func settingOf(registryLocation string, by registry.Caller) (account string, err error) {
	if _, ok := registry.EC2Region(registryLocation); ok {
		return "", nil
	}
	if by.Account == "" {
		return "", cli.Usagef("--block-public-access: whose images? add --account ACCOUNT, or: export AMI_ACCOUNT=ACCOUNT")
	}
	return by.Account, nil
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
	whose := "images of " + account
	if account == "" {
		whose = "your images"
	}
	if block {
		e.Notef("%s in region %s cannot be made public; those that are public stay so", whose, region)
	} else {
		e.Notef("%s in region %s can be made public", whose, region)
	}
	return e.Result("", blocking{stateOf(block), region, account})
}

func stateOf(blocked bool) string {
	if blocked {
		return "block-new-sharing"
	}
	return "unblocked"
}
