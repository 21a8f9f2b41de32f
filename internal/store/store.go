// Package store keeps bundles in S3-compatible object storage, or in a directory.
//
// A Location names the place, s3://bucket/prefix or a path; Open returns it as a bundle.Store, whose rules
// (whole objects only, digests checked by the server, typed errors) hold for both. Keys gives the registry
// conditional access to small records in a bucket. It is the only package that knows minio-go.
//
// Every request goes through one retry layer: what is temporary (a connection that breaks, a timeout, 408,
// 429, 500, 502, 503, 504) is tried again with exponential backoff and full jitter; what is not ends at once
// with an Error that keeps the server's own words.
package store

import (
	"context"
	"os"
	"time"

	"amiforge/bundle"
)

// A Config says how to reach a store. The zero value takes everything from the environment and the AWS
// configuration files, as AWS's own tools do.
type Config struct {
	// Endpoint is the URL of the S3 service. Empty: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, endpoint_url of
	// the profile (none of the three if AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true), else AWS itself.
	// Without a scheme it is https, except that a loopback host is http.
	Endpoint string

	// Region is the bucket's region. Empty: AWS_REGION, AWS_DEFAULT_REGION, the profile's, else us-east-1;
	// a server that says that it is another one is believed.
	Region string

	// Profile is a section of ~/.aws/config and ~/.aws/credentials. If given it goes before the keys in
	// the environment. Empty: AWS_PROFILE, else default, after them.
	Profile string

	ACL       string // canned ACL of every object put, such as aws-exec-read; empty sends none
	Retries   int    // attempts at a request, 6 if 0
	UserAgent string // name/version, added to the User-Agent header

	NoSync bool // a directory's files are not fsynced
	Create bool // a directory is made if it is missing

	Getenv func(string) string // os.Getenv if nil

	pace pace // for tests
}

// A pace holds the times of the retry layer and of the transport. Zero fields mean the defaults.
type pace struct {
	base  time.Duration // the first wait between attempts is up to this
	cap   time.Duration // and no wait is longer than this
	idle  time.Duration // a connection on which no byte moves for so long is dead
	grace time.Duration // a request whose outcome must be known goes on for so long after its context has ended
}

// Open returns the store at loc. It reads the configuration and finds credentials, but sends nothing to the
// bucket: a missing bucket is found by the first request.
func Open(ctx context.Context, loc Location, cfg Config) (bundle.Store, error) {
	if loc.Bucket == "" {
		return openDir(loc, cfg)
	}
	c, err := newClient(ctx, loc, cfg)
	if err != nil {
		return nil, err
	}
	return &S3{client: c, acl: cfg.ACL}, nil
}

// withDefaults fills in what the caller left out.
func (c Config) withDefaults() Config {
	if c.Getenv == nil {
		c.Getenv = os.Getenv
	}
	if c.Retries <= 0 {
		c.Retries = 6
	}
	if c.pace.base == 0 {
		c.pace.base = 100 * time.Millisecond
	}
	if c.pace.cap == 0 {
		c.pace.cap = 10 * time.Second
	}
	if c.pace.idle == 0 {
		c.pace.idle = time.Minute
	}
	if c.pace.grace == 0 {
		c.pace.grace = 5 * time.Second
	}
	return c
}
