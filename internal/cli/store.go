package cli

import "amiforge/internal/store"

// StoreConfig returns how to reach a store, as far as the common flags say it. The environment and the AWS
// configuration files are the store's to read.
func (e *Env) StoreConfig() store.Config {
	return store.Config{
		Endpoint:  e.Endpoint,
		Region:    e.Region,
		Profile:   e.Profile,
		UserAgent: e.Name + "/" + Version(),
		Getenv:    e.getenv,
	}
}
