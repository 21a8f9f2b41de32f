package registry

import (
	"context"
	"errors"
	"testing"

	"amiforge/internal/store"
)

// doubtfulKeys lose the answer of a Replace and report the conflict that the retry meets, because another
// writer has changed the value since: then is that writer.
type doubtfulKeys struct {
	Keys
	then func()
}

func (k *doubtfulKeys) Replace(ctx context.Context, key string, value []byte, version string) (string, error) {
	if _, err := k.Keys.Replace(ctx, key, value, version); err != nil {
		return "", err
	}
	k.then()
	return "", store.ErrConflict
}

func TestRegisterInDoubt(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		other := newObjects(open(), nil)
		only := func() string { return idsOf(describe(t, other, Query{IncludePending: true}))[0] }
		tagged := &doubtfulKeys{Keys: open(), then: func() {
			_, err := other.update(t.Context(), only(), func(m *Image) error {
				m.Tags = []Tag{{"seen", "yes"}}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}}
		m := register(t, New(tagged, nil), web("web-1"))
		if m.State != Available || m.ID != only() || len(m.Tags) != 1 {
			t.Errorf("registered %+v", m)
		}
		if _, err := other.Deregister(t.Context(), m.ID, Caller{}); err != nil {
			t.Fatal(err)
		}

		ended := &doubtfulKeys{Keys: open(), then: func() {}}
		ended.then = func() {
			if listed := describe(t, other, Query{IncludePending: true}); len(listed) > 0 {
				if _, err := other.Deregister(t.Context(), listed[0].ID, Caller{}); err != nil {
					t.Error(err)
				}
			}
		}
		again := web("web-2")
		_, err := New(ended, nil).Register(t.Context(), again)
		if refusal, ok := errors.AsType[*Error](err); !ok || refusal.Code != IDUnavailable {
			t.Errorf("deregistered at once: error is %v", err)
		}
	})
}
