package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
)

// A client sends requests to one bucket. It is safe for concurrent use.
type client struct {
	loc      Location
	endpoint *url.URL
	agent    string
	options  minio.Options // but for the region
	attempts int
	pace     pace

	core atomic.Pointer[core]
}

// A core is minio-go's client for a region.
type core struct {
	minio.Core
	region string
}

func newClient(ctx context.Context, loc Location, cfg Config) (*client, error) {
	cfg = cfg.withDefaults()
	if err := checkBucket(loc.Bucket); err != nil {
		return nil, err
	}
	p, err := cfg.profile()
	if err != nil {
		return nil, err
	}
	endpoint, err := cfg.endpoint(p)
	if err != nil {
		return nil, err
	}
	creds, err := cfg.credentials(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", loc, err)
	}
	transport, err := newTransport(cfg)
	if err != nil {
		return nil, err
	}
	c := &client{loc: loc, endpoint: endpoint, agent: cfg.UserAgent, attempts: cfg.Retries, pace: cfg.pace}
	// One attempt each: the retry layer is ours. minio-go still waits up to 0.2 s after a temporary error.
	c.options = minio.Options{Creds: creds, Secure: endpoint.Scheme == "https", Transport: transport, MaxRetries: 1}
	return c, c.move(cfg.region(p, endpoint))
}

// move makes the client sign for region.
func (c *client) move(region string) error {
	options := c.options
	options.Region = region
	m, err := minio.NewCore(c.endpoint.Host, &options)
	if err != nil {
		return fmt.Errorf("endpoint %s: %w", c.endpoint.Host, err)
	}
	name, version, _ := strings.Cut(c.agent, "/")
	m.SetAppInfo(name, version)
	c.core.Store(&core{*m, region})
	return nil
}

// A request is one attempt at what is to be done. It may be called again after it failed.
type request func(ctx context.Context, s3 *core) error

// do makes attempts at op on the object name ("" for the bucket) until one succeeds, fails for good, or is
// the last. The error is an *Error.
func (c *client) do(ctx context.Context, op, name string, f request) error {
	return c.resume(ctx, op, name, new(int), f)
}

// resume is do after *spent failures, which it counts on.
func (c *client) resume(ctx context.Context, op, name string, spent *int, f request) error {
	moved := false
	for {
		a, s3 := new(answer), c.core.Load()
		err := f(context.WithValue(ctx, answerKey{}, a), s3)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return c.failure(op, name, context.Cause(ctx))
		}
		e := c.explain(op, name, err, a)
		if region := e.elsewhere(s3.region); region != "" && !moved {
			moved = true
			if err := c.move(region); err != nil {
				return c.failure(op, name, err)
			}
			continue
		}
		*spent++
		e.Attempts = *spent
		if !e.temporary || *spent >= c.attempts {
			return e
		}
		if err := c.wait(ctx, *spent); err != nil {
			return c.failure(op, name, err)
		}
	}
}

// wait lets time pass after the given number of failures: a random part of a span that doubles.
func (c *client) wait(ctx context.Context, failures int) error {
	span := c.pace.cap
	if failures < 20 { // no overflow
		span = min(span, c.pace.base<<(failures-1))
	}
	pause := time.NewTimer(rand.N(span) + 1)
	defer pause.Stop()
	select {
	case <-pause.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// list calls yield with the objects under prefix, a part of their keys. It goes on after the last one that it
// had when a page must be asked for again.
func (c *client) list(ctx context.Context, prefix string, recursive bool, yield func(minio.ObjectInfo) bool) error {
	after, spent, noOwner := "", 0, false
	return c.resume(ctx, "list", "", &spent, func(ctx context.Context, s3 *core) error {
		options := minio.ListObjectsOptions{
			Prefix: prefix, Recursive: recursive, StartAfter: after, FetchOwner: &noOwner,
		}
		for object := range s3.ListObjectsIter(ctx, c.loc.Bucket, options) {
			if object.Err != nil {
				return object.Err
			}
			after, spent = object.Key, 0
			if !yield(object) {
				return nil
			}
		}
		return ctx.Err() // minio-go ends the sequence without a word
	})
}
