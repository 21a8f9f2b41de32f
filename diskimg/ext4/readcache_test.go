package ext4

import "testing"

// What costs more than all that is kept is kept besides: who goes to and fro need not make it each time.
func TestCache(t *testing.T) {
	c := cache[string, int64]{most: 10}
	made := 0
	get := func(key string, cost int64) {
		t.Helper()
		v, err := c.get(key, func() (int64, int64, error) { made++; return cost, cost, nil })
		if err != nil || v != cost {
			t.Errorf("%s: %d, %v", key, v, err)
		}
	}
	for _, tt := range []struct {
		key  string
		cost int64
		made int // so far
	}{{"a", 4, 1}, {"b", 6, 2}, {"a", 4, 2}, {"c", 6, 3}, {"a", 4, 3}, {"b", 6, 4}, {"large", 50, 5}, {"b", 6, 5}, {"large", 50, 5}, {"larger", 51, 6}, {"a", 4, 6}, {"larger", 51, 6}, {"large", 50, 7}} {
		get(tt.key, tt.cost)
		if made != tt.made {
			t.Errorf("%s: made %d, want %d", tt.key, made, tt.made)
		}
	}
}
