package gc

import "amiforge/internal/registry"

// isRemote reports whether the registry is a service as EC2: it makes its copies and ends them itself, and shows an
// account nothing of what others keep to themselves. By has to be that account, and only what is surely the account's
// own is garbage: bundles by their manifests, and no parts without one.
func (c *Collector) isRemote() bool {
	_, remote := c.Engine.(registry.RemoteCopier)
	return remote
}
