package registry

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"sync"

	"amiforge/internal/store"
)

// memKeys are keys in memory, for tests of many.
type memKeys struct {
	mu     sync.Mutex
	values map[string][]byte
}

func newMemKeys() *memKeys { return &memKeys{values: map[string][]byte{}} }

func (k *memKeys) Get(_ context.Context, key string) ([]byte, string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	value, ok := k.values[key]
	if !ok {
		return nil, "", fmt.Errorf("%s: %w", key, fs.ErrNotExist)
	}
	return value, versionOf(value), nil
}

func (k *memKeys) Create(_ context.Context, key string, value []byte) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.values[key]; ok {
		return "", fmt.Errorf("%s: %w", key, fs.ErrExist)
	}
	k.values[key] = value
	return versionOf(value), nil
}

func (k *memKeys) Replace(_ context.Context, key string, value []byte, version string) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if versionOf(k.values[key]) != version {
		return "", fmt.Errorf("%s: %w", key, store.ErrConflict)
	}
	k.values[key] = value
	return versionOf(value), nil
}

func (k *memKeys) List(_ context.Context, prefix string) iter.Seq2[store.Entry, error] {
	k.mu.Lock()
	defer k.mu.Unlock()
	var keys []string
	for key := range k.values {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return func(yield func(store.Entry, error) bool) {
		for _, key := range keys {
			if !yield(store.Entry{Key: key}, nil) {
				return
			}
		}
	}
}
