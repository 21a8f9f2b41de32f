package filesystem

import "sync"

const keptEntry = 128 // bytes that one takes beside what it is

// A cache keeps what was used last, in two generations: when the young ones come to most bytes they are the old ones, and
// those are forgotten. It may be used concurrently; what two ask for at once may be made twice.
type cache[K comparable, V any] struct {
	most       int
	mu         sync.Mutex
	used       int // by the young
	young, old map[K]V
}

// get returns what is kept of key, or else makes it. It is shared, and must not be changed.
func (c *cache[K, V]) get(key K, load func() (v V, size int, err error)) (V, error) {
	if v, ok := c.find(key); ok {
		return v, nil
	}
	v, size, err := load()
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used += size + keptEntry; c.young == nil || c.used > c.most {
		c.young, c.old, c.used = map[K]V{}, c.young, size
	}
	c.young[key] = v
	return v, nil
}

func (c *cache[K, V]) find(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.young[key]
	if !ok {
		v, ok = c.old[key]
	}
	return v, ok
}
