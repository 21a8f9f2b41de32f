package cli

import (
	"amiforge/internal/regions"
	"amiforge/internal/registry"
	"amiforge/manifest"
)

// Account reads an account given by flag, else AMI_ACCOUNT, and returns it without dashes; "" if neither is
// there.
func (e *Env) Account(flag string) (string, error) {
	if flag == "" {
		flag = e.getenv("AMI_ACCOUNT")
	}
	if flag == "" {
		return "", nil
	}
	account, err := manifest.ParseUser(flag)
	if err != nil {
		return "", Usagef("account: %w", err)
	}
	return account, nil
}

// Caller returns who speaks: --account or AMI_ACCOUNT, with the organization and units that the organizations file
// says the account is in; with no account the registry's administrator.
func (e *Env) Caller() (registry.Caller, error) {
	account, err := e.Account(e.account)
	if err != nil || account == "" {
		return registry.Caller{Region: e.GivenRegion()}, err
	}
	organizations, err := e.Organizations()
	return registry.Caller{
		Account: account, Organizations: organizations.Memberships(account), Region: e.GivenRegion(),
	}, err
}

// Organizations reads the organizations file, which is nil if there is none.
func (e *Env) Organizations() (*regions.Organizations, error) {
	path := e.orVariable(e.organizationsFile, "AMI_ORGANIZATIONS")
	if path == "" {
		return nil, nil
	}
	return regions.LoadOrganizations(path)
}
