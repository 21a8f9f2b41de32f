package main

import (
	"bytes"
	"context"
	"errors"
	"os"
)

const (
	memoryLimit = 160 << 20 // of each program, bytes
	holesLimit  = 5         // for a disk that is all holes, seconds
	sparseSize  = 64 << 30  // of the disks that are nearly or wholly holes, bytes

	// The scattered disk has a block of data every 4 MiB: 16,384 extents, 64 MiB of data.
	scatterStep  = 4 << 20
	scatterBlock = 4 << 10
)

// sparse measures what large disks with little or no data in them take.
func (b *bench) sparse(ctx context.Context, _ string, t *table) error {
	if err := makeHoles(b.path("holes.raw"), sparseSize); err != nil {
		return err
	}
	if err := makeScattered(b.path("scattered.raw"), sparseSize); err != nil {
		return err
	}
	holes := &racer{name: "ami-bundle, 64 GiB of holes", command: b.bundle(b.path("holes.raw"))}
	scattered := &racer{name: "ami-bundle, 64 GiB sparse", command: b.bundle(b.path("scattered.raw"))}
	if err := b.race(ctx, holes, scattered); err != nil {
		return err
	}
	t.add(
		memory("peak memory of bundle, 64 GiB sparse", scattered, nil, memoryLimit),
		seconds("bundle 64 GiB of holes", median(holes.samples).elapsed.Seconds(), holesLimit),
	)
	return b.sparseBack(ctx, t)
}

// sparseBack measures what it takes to restore the scattered disk.
func (b *bench) sparseBack(ctx context.Context, t *table) error {
	dir := b.path("scattered")
	if _, err := measure(ctx, "ami-bundle, 64 GiB sparse", b.bundle(b.path("scattered.raw"))(ctx, dir)); err != nil {
		return err
	}
	back := &racer{name: "ami-unbundle, 64 GiB sparse", once: true, command: b.unbundle(dir)}
	if err := b.race(ctx, back); err != nil {
		return err
	}
	t.add(memory("peak memory of unbundle, 64 GiB sparse", back, nil, memoryLimit))
	return nil
}

// makeHoles makes a disk at path of size bytes that are all holes.
func makeHoles(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}

// makeScattered makes a disk at path of size bytes with a block of data at every scatterStep.
func makeScattered(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	block := bytes.Repeat([]byte("amiforge"), scatterBlock/8)
	for at := int64(0); at < size && err == nil; at += scatterStep {
		_, err = f.WriteAt(block, at)
	}
	return errors.Join(err, f.Truncate(size), f.Sync(), f.Close())
}
