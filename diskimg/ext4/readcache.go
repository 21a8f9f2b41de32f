package ext4

import (
	"container/list"
	"sync"
)

// A cache keeps what was used last, as long as the costs of it all are not above most, and besides them the last that
// alone costs more. It may be used concurrently; what two ask for at once may be made twice.
type cache[K comparable, V any] struct {
	most  int64
	mu    sync.Mutex
	used  int64
	order list.List // of cached, the last used in front
	kept  map[K]*list.Element
	large *cached[K, V]
}

type cached[K comparable, V any] struct {
	key   K
	value V
	cost  int64
}

// get returns what is kept of key, or else makes it.
func (c *cache[K, V]) get(key K, load func() (V, int64, error)) (V, error) {
	if v, ok := c.find(key); ok {
		return v, nil
	}
	v, cost, err := load()
	if err == nil {
		c.keep(cached[K, V]{key, v, cost})
	}
	return v, err
}

func (c *cache[K, V]) find(key K) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.large != nil && c.large.key == key {
		return c.large.value, true
	}
	e := c.kept[key]
	if e == nil {
		return v, false
	}
	c.order.MoveToFront(e)
	return e.Value.(cached[K, V]).value, true
}

func (c *cache[K, V]) keep(one cached[K, V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one.cost > c.most {
		c.large = &one
		return
	}
	if c.kept[one.key] != nil {
		return
	}
	if c.kept == nil {
		c.kept = make(map[K]*list.Element)
	}
	c.kept[one.key] = c.order.PushFront(one)
	for c.used += one.cost; c.used > c.most; {
		old := c.order.Remove(c.order.Back()).(cached[K, V])
		delete(c.kept, old.key)
		c.used -= old.cost
	}
}
