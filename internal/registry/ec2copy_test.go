package registry

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func copyFrom(t *testing.T, f *fakeEC2) RemoteCopy {
	t.Helper()
	m := equipped()
	return RemoteCopy{SourceImageID: register(t, f.engine, m).ID, SourceRegion: "local", Name: "copy", Description: "d", CopyTags: true}
}

func TestEC2Copy(t *testing.T) {
	f, e, _ := startFake(t)
	f.slow = 2
	c := copyFrom(t, f)
	got, err := e.CopyImage(t.Context(), c)
	if err != nil || got.State != Available || got.SourceImageID != c.SourceImageID || got.ID == c.SourceImageID || len(got.Tags) != 2 {
		t.Errorf("copied to %+v, %v", got, err)
	}
	_, err = e.CopyImage(t.Context(), c)
	wantCode(t, err, NameDuplicate)
	_, err = e.CopyImage(t.Context(), RemoteCopy{SourceImageID: "ami-00000000000000000", Name: "copy 2"})
	wantCode(t, err, IDNotFound)
	c.Name, c.Encrypted = "copy 3", new(false)
	_, err = e.CopyImage(t.Context(), c)
	wantCode(t, err, InvalidRequest)
}

func TestEC2CopyFails(t *testing.T) {
	f, e, _ := startFake(t)
	f.slow = 3
	looks := 0
	e.wait = func(ctx context.Context, _ time.Duration) error {
		if looks++; looks == 2 {
			pending := describe(t, f.engine, Query{Name: "copy"})[0]
			return f.engine.AbortCopy(ctx, pending.ID, errors.New("no room"))
		}
		return nil
	}
	got, err := e.CopyImage(t.Context(), copyFrom(t, f))
	if got.State != Failed || err == nil || !strings.HasSuffix(err.Error(), " is failed: no room") {
		t.Errorf("copied to %+v, %v", got, err)
	}
}

func TestEC2CopyInterrupted(t *testing.T) {
	f, e, _ := startFake(t)
	f.slow = 9
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	wait := e.wait
	e.wait = func(ctx context.Context, d time.Duration) error {
		cancel(interrupted)
		return wait(ctx, d)
	}
	got, err := e.CopyImage(ctx, copyFrom(t, f))
	if got.State != Pending || CheckID(got.ID) != nil || !errors.Is(err, interrupted) || !strings.Contains(err.Error(), got.ID) {
		t.Errorf("copied to %+v, %v", got, err)
	}
}
