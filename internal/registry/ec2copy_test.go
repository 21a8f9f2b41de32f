package registry

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"amiforge/internal/ec2query"
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
	again, err := e.CopyImage(t.Context(), c)
	if err != nil || again.ID != got.ID {
		t.Errorf("the same again is %s, want %s: %v", again.ID, got.ID, err)
	}
	other := c
	other.Description = "another"
	_, err = e.CopyImage(t.Context(), other)
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
	if got.State != Failed || err == nil || !strings.Contains(err.Error(), " is failed: no room; once it is deregistered, ") {
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
	c := copyFrom(t, f)
	got, err := e.CopyImage(ctx, c)
	if got.State != Pending || CheckID(got.ID) != nil || !errors.Is(err, interrupted) || !strings.Contains(err.Error(), got.ID) {
		t.Errorf("copied to %+v, %v", got, err)
	}
	f.slow = 0
	next := openAt(t, f, nil) // as another process would
	done, err := next.CopyImage(t.Context(), c)
	if err != nil || done.ID != got.ID || done.State != Available {
		t.Errorf("the same command waits for %+v, %v", done, err)
	}
}

// What EC2 remembers and has no longer is made again.
func TestEC2CopyAfterDeregistration(t *testing.T) {
	f, e, _ := startFake(t)
	c := copyFrom(t, f)
	seen := map[string]bool{}
	for range 3 {
		got, err := e.CopyImage(t.Context(), c)
		if err != nil || got.State != Available || seen[got.ID] {
			t.Fatalf("copied to %+v, %v", got, err)
		}
		seen[got.ID] = true
		if _, err := e.Deregister(t.Context(), got.ID, Caller{}); err != nil {
			t.Fatal(err)
		}
	}
}

// Each copy has a token, and the same one has the same in every process.
func TestEC2CopyToken(t *testing.T) {
	_, e, _ := startFake(t)
	in := ec2query.CopyImageInput{Name: "copy", SourceImageID: "ami-0123456789abcdef0", SourceRegion: "east"}
	const want = "70a0496ce3b41caab7a8d679d53da840c268f230ab9863db47f532627026d22d"
	if got := e.copyToken(&in, ""); got != want {
		t.Errorf("the token is %s, want %s", got, want)
	}
	seen := map[string]bool{want: true, e.copyToken(&in, "ami-1"): true}
	e.region = "east"
	seen[e.copyToken(&in, "")] = true
	e.region = "local"
	edits := []func(in *ec2query.CopyImageInput){
		func(in *ec2query.CopyImageInput) { in.Name = "copy 2" },
		func(in *ec2query.CopyImageInput) { in.Description = "d" },
		func(in *ec2query.CopyImageInput) { in.SourceImageID = "ami-0123456789abcdef1" },
		func(in *ec2query.CopyImageInput) { in.SourceRegion = "west" },
		func(in *ec2query.CopyImageInput) { in.CopyImageTags = true },
		func(in *ec2query.CopyImageInput) { in.Encrypted = new(true) },
		func(in *ec2query.CopyImageInput) { in.Encrypted = new(false) },
		func(in *ec2query.CopyImageInput) { in.DryRun = true },
	}
	for _, edit := range edits {
		other := in
		edit(&other)
		seen[e.copyToken(&other, "")] = true
	}
	if len(seen) != len(edits)+3 {
		t.Errorf("%d tokens of %d copies", len(seen), len(edits)+3)
	}
}
