package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"
)

// ProbeVersion is the version of Probe, which a registry keeps with its result.
const ProbeVersion = 1

// probeWriters race for one key in Probe.
const probeWriters = 8

// Probe tells whether the server keeps the promises of Keys. Some accept conditional writes and ignore the
// condition, and there writers would overwrite one another unnoticed. It writes under .probe/ with a random
// name and removes that again, where it may. Call it once, before the first record is written to a bucket.
func (k *Keys) Probe(ctx context.Context) (err error) {
	key := ".probe/" + rand.Text()
	defer func() {
		removed := k.remove(ctx, key)
		if removed != nil && !errors.Is(removed, fs.ErrPermission) { // it is a few bytes, and a matter of the bucket's policy
			err = errors.Join(err, removed)
		}
	}()
	if err := k.probeReplaceMissing(ctx, key); err != nil {
		return err
	}
	if err := k.probeRace(ctx, key); err != nil {
		return err
	}
	return k.probeStale(ctx, key)
}

// Endpoint returns the URL of the server that Probe asks.
func (k *Keys) Endpoint() string { return k.client.endpoint.String() }

func (k *Keys) probeReplaceMissing(ctx context.Context, key string) error {
	_, err := k.Replace(ctx, key, []byte(rand.Text()), "0123456789abcdef0123456789abcdef")
	return k.verdict(err, ErrConflict, "If-Match wrote a missing key")
}

// probeRace lets writers create the same key: exactly one may succeed.
func (k *Keys) probeRace(ctx context.Context, key string) error {
	var won atomic.Int32
	g, ctx := errgroup.WithContext(ctx)
	for range probeWriters {
		g.Go(func() error {
			_, err := k.Create(ctx, key, []byte(rand.Text()))
			if err == nil {
				won.Add(1)
			}
			if errors.Is(err, fs.ErrExist) {
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if n := won.Load(); n != 1 {
		return k.unfit(fmt.Sprintf("of %d writers of one key with If-None-Match %d succeeded", probeWriters, n))
	}
	return nil
}

// probeStale replaces a version twice.
func (k *Keys) probeStale(ctx context.Context, key string) error {
	_, version, err := k.Get(ctx, key)
	if err != nil {
		return err
	}
	if _, err := k.Replace(ctx, key, []byte(rand.Text()), version); err != nil {
		return err
	}
	_, err = k.Replace(ctx, key, []byte(rand.Text()), version)
	return k.verdict(err, ErrConflict, "If-Match replaced another version")
}

// verdict is nil if err is the refusal that there must be.
func (k *Keys) verdict(err, want error, fault string) error {
	if err == nil {
		return k.unfit(fault)
	}
	if errors.Is(err, want) {
		return nil
	}
	return err
}

func (k *Keys) unfit(fault string) error {
	return k.client.failure("probe", "", fmt.Errorf("the server does not do conditional writes, "+
		"without which a registry is not safe: %s; keep the registry in a directory or another store", fault))
}

func (k *Keys) remove(ctx context.Context, key string) error {
	return k.client.do(ctx, "remove", key, func(ctx context.Context, s3 *core) error {
		return s3.RemoveObject(ctx, k.client.loc.Bucket, k.client.loc.key(key), minio.RemoveObjectOptions{})
	})
}
