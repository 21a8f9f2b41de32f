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

// A writer that meets its own success as a conflict, and then reads it, is done: it does not tell its caller that the
// image was gone before.
func TestUpdateInDoubt(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		m := register(t, New(open(), nil), web("web-1"))
		e := New(&doubtfulKeys{Keys: open(), then: func() {}}, nil)
		changed, err := e.Modify(t.Context(), m.ID, Caller{}, DescribeAs("changed"))
		if err != nil || changed.Description != "changed" {
			t.Errorf("modified: %+v, %v", changed, err)
		}
		gone, err := e.Deregister(t.Context(), m.ID, Caller{})
		if err != nil || gone.State != Deregistered {
			t.Errorf("deregistered: %+v, %v", gone, err)
		}
		_, err = e.Deregister(t.Context(), m.ID, Caller{})
		wantCode(t, err, IDUnavailable)
	})
}
