package registry

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

const writers = 24

func TestRaceForName(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		race(t, open, func(keys Keys) Engine { return New(keys, nil) })
	})
}

// TestRaceForNameOfDead has all writers take over a name whose holder died between its steps.
func TestRaceForNameOfDead(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		for n := 2; n <= 3; n++ {
			crash{write: n, applied: n == 2}.die(open, func(e Engine) error {
				_, err := e.Register(t.Context(), web("web-1"))
				return err
			})
		}
		race(t, open, func(keys Keys) Engine { return New(keys, nil) })
	})
}

// race lets writers register one name, and wants one to win and the others to know which.
func race(t *testing.T, open func() Keys, engine func(Keys) Engine) {
	registered := make([]Image, writers)
	refused := make([]error, writers)
	var group sync.WaitGroup
	for i := range writers {
		e := engine(open())
		group.Go(func() { registered[i], refused[i] = e.Register(t.Context(), web("web-1")) })
	}
	group.Wait()

	var winners []Image
	for i, err := range refused {
		if err == nil {
			winners = append(winners, registered[i])
		}
	}
	if len(winners) != 1 {
		t.Fatalf("%d writers won, want 1: %v", len(winners), errors.Join(refused...))
	}
	for _, err := range refused {
		if err != nil {
			wantDuplicate(t, err, winners[0])
		}
	}
	if all := idsOf(describe(t, engine(open()), Query{})); len(all) != 1 {
		t.Errorf("images are %v, want %s", all, winners[0].ID)
	}
}

// TestRaceOfUpdates has writers change one image at once: no change may be lost.
func TestRaceOfUpdates(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		m := register(t, New(open(), nil), web("web-1"))
		var group sync.WaitGroup
		for i := range 8 {
			e := newObjects(open(), nil)
			group.Go(func() {
				_, err := e.update(t.Context(), m.ID, func(m *Image) error {
					m.Tags = append(m.Tags[:len(m.Tags):len(m.Tags)], Tag{Key: fmt.Sprint(i)})
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := describe(t, New(open(), nil), Query{})[0]; len(got.Tags) != 8 {
			t.Errorf("tags are %v, want 8", got.Tags)
		}
	})
}

// TestRaceForDeregistration has writers deregister one image: one does, the others are told so.
func TestRaceForDeregistration(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		m := register(t, New(open(), nil), web("web-1"))
		errs := make([]error, writers)
		var group sync.WaitGroup
		for i := range writers {
			e := New(open(), nil)
			group.Go(func() { _, errs[i] = e.Deregister(t.Context(), m.ID, Caller{}) })
		}
		group.Wait()
		done := 0
		for _, err := range errs {
			refusal, ok := errors.AsType[*Error](err)
			switch {
			case err == nil:
				done++
			case !ok || refusal.Code != IDUnavailable:
				t.Errorf("error is %v", err)
			}
		}
		if done != 1 {
			t.Errorf("%d writers deregistered the image", done)
		}
	})
}
