package bundle

import (
	"bytes"
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"

	"amiforge/manifest"
)

// A memStore is a Store in memory. hook, if set, is called before each operation and may fail it.
type memStore struct {
	mu      sync.Mutex
	objects map[string][]byte
	calls   map[string][]string // names by operation
	hook    func(op, name string) error
}

func newMemStore() *memStore {
	return &memStore{objects: map[string][]byte{}, calls: map[string][]string{}}
}

func (s *memStore) String() string { return "memory" }

// begin counts an operation and asks the hook.
func (s *memStore) begin(ctx context.Context, op, name string) error {
	s.mu.Lock()
	s.calls[op] = append(s.calls[op], name)
	hook := s.hook
	s.mu.Unlock()
	if hook != nil {
		if err := hook(op, name); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

func (s *memStore) object(name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.objects[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return p, nil
}

func (s *memStore) Stat(ctx context.Context, name string) (Object, error) {
	if err := s.begin(ctx, "stat", name); err != nil {
		return Object{}, err
	}
	p, err := s.object(name)
	return Object{Name: name, Size: int64(len(p))}, err
}

func (s *memStore) Open(ctx context.Context, name string) (io.ReadCloser, int64, error) {
	if err := s.begin(ctx, "open", name); err != nil {
		return nil, 0, err
	}
	p, err := s.object(name)
	n := int64(len(p))
	return &exactReader{ctx: ctx, r: io.NopCloser(bytes.NewReader(p)), left: n}, n, err
}

func (s *memStore) Put(ctx context.Context, name string, body io.ReaderAt, size int64, sum manifest.Digest) error {
	if err := s.begin(ctx, "put", name); err != nil {
		return err
	}
	p := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(body, 0, size), p); err != nil {
		return err
	}
	if sha1.Sum(p) != sum {
		return invalidf("%s: wrong digest", name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[name] = p
	return nil
}

func (s *memStore) Remove(ctx context.Context, name string) error {
	if err := s.begin(ctx, "remove", name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, name)
	return nil
}

func (s *memStore) List(ctx context.Context) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		if err := s.begin(ctx, "list", ""); err != nil {
			yield(Object{}, err)
			return
		}
		for _, name := range s.names() {
			if p, err := s.object(name); err == nil && !yield(Object{Name: name, Size: int64(len(p))}, nil) {
				return
			}
		}
	}
}

func (s *memStore) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.objects))
}

// called returns the names of the calls of an operation so far, sorted.
func (s *memStore) called(op string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.calls[op]))
}

// clone returns a store with the same objects and no history.
func (s *memStore) clone() *memStore {
	c := newMemStore()
	maps.Copy(c.objects, s.objects)
	return c
}

// putRaw stores an object as it is.
func (s *memStore) putRaw(name string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[name] = content
}

// wantNames wants exactly these objects.
func wantNames(t *testing.T, s *memStore, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := s.names(); !slices.Equal(got, want) {
		t.Errorf("the store holds %q, want %q", got, want)
	}
}
