package registry

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sourceOf returns an image that copies are made of.
func sourceOf() Image {
	m := full()
	m.State, m.StateReason = Available, nil
	m.SourceImageID, m.SourceImageRegion, m.ProductCodes = "", "", nil
	return m
}

// request asks for a copy of a source in region west.
func request() CopyRequest { return CopyRequest{Name: "web-1 west", Region: "west"} }

func copyOf(t *testing.T, source Image, r CopyRequest) Image {
	t.Helper()
	m, err := CopyOf(source, r)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// inWest says where the bundle of a copy goes.
func inWest(id string) string { return "s3://west/" + id + "/image.manifest.xml" }

func begin(t *testing.T, e Engine, m Image) Image {
	t.Helper()
	begun, err := e.BeginCopy(t.Context(), m, inWest)
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

func TestRow55CopyHasAnIDOfItsOwn(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		e := New(open(), nil)
		begun := begin(t, e, copyOf(t, sourceOf(), request()))
		if begun.ID == sourceOf().ID || begun.State != Pending || begun.Location != inWest(begun.ID) {
			t.Errorf("the copy begins as %+v", begun)
		}
		if listed := idsOf(describe(t, e, Query{})); !slices.Equal(listed, []string{begun.ID}) {
			t.Errorf("images are %v, want the pending copy", listed)
		}
		done, err := e.FinishCopy(t.Context(), begun.ID, "00aa")
		if err != nil {
			t.Fatal(err)
		}
		want := begun
		want.State, want.ManifestDigest = Available, "00aa"
		if diff := cmp.Diff(want, done); diff != "" {
			t.Errorf("the finished copy (-want +got):\n%s", diff)
		}
		if done.SourceImageID != sourceOf().ID || done.SourceImageRegion != "local" {
			t.Errorf("its source is %s in %s", done.SourceImageID, done.SourceImageRegion)
		}
		if _, err := e.Deregister(t.Context(), done.ID, Caller{}); err != nil {
			t.Error(err)
		}
	})
}

func TestRow56CopyCarriesNoPermissionsNorTags(t *testing.T) {
	source := sourceOf()
	source.Tags = []Tag{{"role", "web"}, {"aws:cloudformation:stack-name", "x"}}
	m := copyOf(t, source, request())
	if m.LaunchPermissions != nil || m.Tags != nil || m.DeregistrationProtection != "" || m.Description != "" ||
		!m.DeprecationTime.IsZero() || !m.LastLaunchedTime.IsZero() || !m.CooldownEnd.IsZero() {
		t.Errorf("the copy has %+v", m)
	}
	asked := request()
	asked.CopyTags = true
	if m := copyOf(t, source, asked); !slices.Equal(m.Tags, []Tag{{"role", "web"}}) {
		t.Errorf("asked for tags, the copy has %v", m.Tags)
	}
	asked.By = Caller{Account: "111122223333"} // with whom it is shared
	if m := copyOf(t, source, asked); m.Tags != nil {
		t.Errorf("another account's tags are copied: %v", m.Tags)
	}
}

// The machine stays the same one.
func TestCopyDescribesTheSameMachine(t *testing.T) {
	source := sourceOf()
	r := request()
	r.Description = "web, in the west"
	want := Image{
		Name: r.Name, Description: r.Description, Owner: source.Owner, Region: "west", Type: "machine",
		Architecture: "x86_64", KernelID: "aki-1", RamdiskID: "ari-1", RootDeviceType: "instance-store",
		RootDeviceName: "/dev/sda1", BlockDevices: source.BlockDevices, VirtualizationType: "hvm", Platform: "windows",
		BootMode: "uefi", EnaSupport: true, SriovNetSupport: "simple", SourceImageID: source.ID, SourceImageRegion: "local",
	}
	if diff := cmp.Diff(want, copyOf(t, source, r)); diff != "" {
		t.Errorf("copy (-want +got):\n%s", diff)
	}
	r.KernelID, r.RamdiskID = "aki-2", "ari-2"
	if m := copyOf(t, source, r); m.KernelID != "aki-2" || m.RamdiskID != "ari-2" {
		t.Errorf("kernel %s, ramdisk %s", m.KernelID, m.RamdiskID)
	}
}

func TestRow63CopierOwnsTheCopy(t *testing.T) {
	source, r := sourceOf(), request()
	for _, tt := range []struct{ by, owner, want string }{
		{"", "", source.Owner},
		{"", "222233334444", "222233334444"},
		{"111122223333", "", "111122223333"},
		{"111122223333", "222233334444", "222233334444"},
	} {
		r.By, r.Owner = Caller{Account: tt.by}, tt.owner
		if m := copyOf(t, source, r); m.Owner != tt.want {
			t.Errorf("%q as %q: the owner is %s, want %s", tt.by, tt.owner, m.Owner, tt.want)
		}
	}
}

func TestCopyRefuses(t *testing.T) {
	no, yes := false, true
	coded := sourceOf()
	coded.ProductCodes = []ProductCode{{"774F4FF8", "devpay"}}
	plain := sourceOf()
	plain.BlockDevices = []BlockDevice{{DeviceName: "/dev/sdc", EBS: &EBS{SnapshotID: "snap-1", VolumeSize: 8}}}
	bare := sourceOf()
	bare.BlockDevices = []BlockDevice{{DeviceName: "/dev/sdb", VirtualName: "ephemeral0"}}
	disabled := sourceOf()
	disabled.State = Disabled
	paravirtual := sourceOf()
	paravirtual.VirtualizationType = "paravirtual"
	tests := []struct {
		name    string
		source  Image
		request CopyRequest
		code    Code // empty: it is not refused
		message string
	}{
		{
			"row 52, encrypted to plain", sourceOf(),
			CopyRequest{Encrypted: &no},
			InvalidRequest,
			"Snapshot snap-1 is encrypted. Creating an unencrypted copy from an encrypted snapshot is not supported.",
		},
		{"row 52, encrypted stays", sourceOf(), CopyRequest{Encrypted: &yes}, "", ""},
		{"row 53, plain to encrypted", plain, CopyRequest{Encrypted: &yes}, "", ""},
		{"row 53, nothing to encrypt", bare, CopyRequest{Encrypted: &yes}, InvalidRequest, bare.ID + " has no volumes."},
		{"row 53, nothing encrypted", bare, CopyRequest{Encrypted: &no}, "", ""},
		{"row 59, product codes to another", coded, CopyRequest{Owner: "111122223333"}, NotPermitted, "product codes"},
		{"row 59, product codes in the account", coded, CopyRequest{}, "", ""},
		{"row 62, PV where there is none", paravirtual, CopyRequest{Virtualization: []string{"hvm"}}, InvalidRequest, "region west has no machines for that"},
		{"row 62, PV where there is", paravirtual, CopyRequest{Virtualization: []string{"hvm", "paravirtual"}}, "", ""},
		{"disabled", disabled, CopyRequest{}, IDUnavailable, "no longer available"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.request.Name, tt.request.Region = "web-1 west", "west"
			m, err := CopyOf(tt.source, tt.request)
			refusal, _ := errors.AsType[*Error](err)
			switch {
			case tt.code == "" && err != nil:
				t.Error(err)
			case tt.code != "" && (refusal == nil || refusal.Code != tt.code || !strings.Contains(refusal.Message, tt.message)):
				t.Errorf("error is %v, want %s: %s", err, tt.code, tt.message)
			case tt.name == "row 53, plain to encrypted" && (!m.encrypted() || plain.encrypted()):
				t.Error("the copy is not encrypted, or its source has become so")
			}
		})
	}
}

// Whoever sees an image may copy it, as it is shown to them.
func TestRow54CopyOfSharedImage(t *testing.T) {
	e, _ := onDirectory(t)
	m := register(t, e, web("web-1"))
	modify(t, e, m.ID, Share(LaunchPermission{UserID: other}, LaunchPermission{OrganizationARN: org}))
	for _, tt := range []struct {
		by   Caller
		sees bool
	}{
		{Caller{Account: other}, true},
		{Caller{Account: "222233334444", Organizations: []string{org}}, true},
		{Caller{Account: "222233334444"}, false},
	} {
		listing, err := e.Describe(t.Context(), Query{As: tt.by, IDs: []string{m.ID}})
		if !tt.sees {
			wantCode(t, err, IDNotFound)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		r := request()
		r.By = tt.by
		if c := copyOf(t, listing.Images[0], r); c.Owner != tt.by.Account || c.SourceImageID != m.ID {
			t.Errorf("the copy of %s is of %s", c.SourceImageID, c.Owner)
		}
	}
}

// An account in one region changes no image of another.
func TestRow10CallerInAnotherRegion(t *testing.T) {
	e, _ := onDirectory(t)
	m := register(t, e, web("web-1"))
	there := Caller{Region: "west"}
	_, err := e.Modify(t.Context(), m.ID, there, DescribeAs("x"))
	wantCode(t, err, IDNotFound)
	_, err = e.Deregister(t.Context(), m.ID, there)
	wantCode(t, err, IDNotFound)
	if _, err := e.Deregister(t.Context(), m.ID, Caller{Region: m.Region}); err != nil {
		t.Error(err)
	}
}

func TestBeginCopyGoesOn(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		e := New(open(), nil)
		m := copyOf(t, sourceOf(), request())
		begun := begin(t, e, m)
		if again := begin(t, New(open(), nil), m); again.ID != begun.ID {
			t.Errorf("the same copy again is %s, want %s", again.ID, begun.ID)
		}
		other := m
		other.SourceImageID = "ami-11111111111111111"
		_, err := e.BeginCopy(t.Context(), other, inWest)
		wantDuplicate(t, err, begun)
		elsewhere := m
		elsewhere.SourceImageRegion = "north"
		_, err = e.BeginCopy(t.Context(), elsewhere, inWest)
		wantDuplicate(t, err, begun)
		plain := web(m.Name)
		plain.Region = m.Region
		_, err = impatient(open()).Register(t.Context(), plain)
		wantDuplicate(t, err, begun)
		if _, err := e.FinishCopy(t.Context(), begun.ID, "00aa"); err != nil {
			t.Fatal(err)
		}
		_, err = e.BeginCopy(t.Context(), m, inWest)
		wantDuplicate(t, err, begun)
	})
}

// What CopyOf sets is compared, whatever will be added to an image.
func TestCopyDiffers(t *testing.T) {
	found := []string{"Name", "Owner", "Region", "SourceImageID", "SourceImageRegion"} // by which BeginCopy finds it
	own := []string{
		"ID", "Location", "ManifestDigest", "State", "StateReason", "CreationDate", "DeprecationTime", "LastLaunchedTime",
		"DeregistrationTime", "DeregistrationProtection", "CooldownEnd", "LaunchPermissions",
	}
	for field := range reflect.TypeFor[Image]().Fields() {
		asked, pending := full(), full()
		asked.Description, pending.Description = "d", "d"
		reflect.ValueOf(&pending).Elem().FieldByIndex(field.Index).SetZero()
		differs := CopyDiffers(asked, pending)
		want := !slices.Contains(append(found, own...), field.Name)
		if len(differs) > 1 || (len(differs) == 1) != want {
			t.Errorf("%s: it differs in %q, want it to differ: %t", field.Name, differs, want)
		}
	}
}

// What a registry makes of a copy is the same one.
func TestCopyDiffersFromNone(t *testing.T) {
	source := sourceOf()
	source.Type, source.RootDeviceType, source.VirtualizationType, source.BlockDevices = "", "", "", []BlockDevice{}
	source.Tags = []Tag{{"a", "1"}, {"b", "2"}}
	r := request()
	r.CopyTags = true
	e, _ := onDirectory(t)
	pending := begin(t, e, copyOf(t, source, r))
	slices.Reverse(source.Tags) // as EC2 may
	if differs := CopyDiffers(copyOf(t, source, r), pending); len(differs) > 0 {
		t.Errorf("it differs in %q", differs)
	}
	r.CopyTags, r.Description = false, "d"
	if differs := CopyDiffers(copyOf(t, source, r), pending); !slices.Equal(differs, []string{"description", "tags"}) {
		t.Errorf("it differs in %q", differs)
	}
	source.BlockDevices = []BlockDevice{{DeviceName: "/dev/sdc", EBS: &EBS{VolumeSize: 8}}}
	plain := copyOf(t, source, r)
	r.Encrypted = new(true)
	if differs := CopyDiffers(copyOf(t, source, r), plain); !slices.Equal(differs, []string{"block devices"}) {
		t.Errorf("it differs in %q", differs)
	}
}

func TestFinishCopyTwice(t *testing.T) {
	e, _ := onDirectory(t)
	begun := begin(t, e, copyOf(t, sourceOf(), request()))
	for _, digest := range []string{"00aa", "00aa", "00bb"} {
		done, err := e.FinishCopy(t.Context(), begun.ID, digest)
		if err != nil || done.ManifestDigest != digest || done.State != Available {
			t.Errorf("finished with %s: %+v, %v", digest, done, err)
		}
	}
}

func TestEndedCopy(t *testing.T) {
	reason := errors.New("part image.part.03: sha1 is 00, manifest says 01")
	for name, end := range map[string]func(Engine, string) error{
		"aborted": func(e Engine, id string) error { return e.AbortCopy(t.Context(), id, reason) },
		"deregistered": func(e Engine, id string) error {
			_, err := e.Deregister(t.Context(), id, Caller{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := onDirectory(t)
			m := copyOf(t, sourceOf(), request())
			begun := begin(t, e, m)
			if err := end(e, begun.ID); err != nil {
				t.Fatal(err)
			}
			_, err := e.FinishCopy(t.Context(), begun.ID, "00aa")
			wantCode(t, err, IDUnavailable)
			wantCode(t, e.AbortCopy(t.Context(), begun.ID, reason), IDUnavailable)
			if again := begin(t, e, m); again.ID == begun.ID {
				t.Error("an ended copy goes on")
			}
		})
	}
}

func TestAbortedCopySaysWhy(t *testing.T) {
	e, _ := onDirectory(t)
	begun := begin(t, e, copyOf(t, sourceOf(), request()))
	if err := e.AbortCopy(t.Context(), begun.ID, errors.New("part image.part.03 is damaged")); err != nil {
		t.Fatal(err)
	}
	failed := describe(t, e, Query{IDs: []string{begun.ID}})[0]
	if failed.State != Failed || failed.StateReason.Message != "part image.part.03 is damaged" {
		t.Errorf("state %s, %v", failed.State, failed.StateReason)
	}
}

// Only a copy can be finished or aborted.
func TestCopyCallsRefuse(t *testing.T) {
	e, _ := onDirectory(t)
	m := register(t, e, web("web-1"))
	_, err := e.FinishCopy(t.Context(), m.ID, "00aa")
	wantCode(t, err, IDUnavailable)
	wantCode(t, e.AbortCopy(t.Context(), m.ID, errCrash), IDUnavailable)
	_, err = e.FinishCopy(t.Context(), "ami-00000000000000009", "00aa")
	wantCode(t, err, IDNotFound)
	_, err = e.BeginCopy(t.Context(), web("web-2"), inWest)
	wantCode(t, err, NoParameter)
	if _, err := e.Register(t.Context(), copyOf(t, sourceOf(), request())); err == nil {
		t.Error("a copy is registered")
	}
}

func TestRow62CopiesInFlight(t *testing.T) {
	e, _ := onDirectory(t)
	source := sourceOf()
	numbered := func(n int) Image {
		r := request()
		r.Name = fmt.Sprintf("copy %d", n)
		return copyOf(t, source, r)
	}
	var ids []string
	for n := range maxCopies {
		ids = append(ids, begin(t, e, numbered(n)).ID)
	}
	_, err := e.BeginCopy(t.Context(), numbered(maxCopies), inWest)
	wantCode(t, err, ResourceLimit)
	if again := begin(t, e, numbered(7)); again.ID != ids[7] {
		t.Error("a copy that has its place cannot go on")
	}
	elsewhere := numbered(maxCopies)
	elsewhere.Region = "north"
	if _, err := e.BeginCopy(t.Context(), elsewhere, inWest); err != nil {
		t.Errorf("another region: %v", err)
	}
	if _, err := e.FinishCopy(t.Context(), ids[0], "00aa"); err != nil {
		t.Fatal(err)
	}
	begin(t, e, numbered(maxCopies))
}

// TestRaceForPlaces has more copies than places begin at once.
func TestRaceForPlaces(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		e := New(open(), nil)
		for n := range maxCopies - 4 {
			r := request()
			r.Name = fmt.Sprintf("early %d", n)
			begin(t, e, copyOf(t, sourceOf(), r))
		}
		errs := make([]error, 12)
		var group sync.WaitGroup
		for n := range errs {
			e := New(open(), nil)
			group.Go(func() {
				r := request()
				r.Name = fmt.Sprintf("late %d", n)
				m, _ := CopyOf(sourceOf(), r)
				_, errs[n] = e.BeginCopy(t.Context(), m, inWest)
			})
		}
		group.Wait()
		begun := 0
		for _, err := range errs {
			if err == nil {
				begun++
				continue
			}
			wantCode(t, err, ResourceLimit)
		}
		if begun != 4 {
			t.Errorf("%d copies took the last 4 places", begun)
		}
	})
}

// TestRaceOfOneCopy has processes begin the same copy: they all work on one image.
func TestRaceOfOneCopy(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		ids := make([]string, 8)
		var group sync.WaitGroup
		for n := range ids {
			e := New(open(), nil)
			group.Go(func() {
				m, err := CopyOf(sourceOf(), request())
				if err == nil {
					m, err = e.BeginCopy(t.Context(), m, inWest)
				}
				if err != nil {
					t.Error(err)
				}
				ids[n] = m.ID
			})
		}
		group.Wait()
		if slices.Sort(ids); ids[0] != ids[len(ids)-1] {
			t.Errorf("they work on %v", slices.Compact(ids))
		}
	})
}

// Writes of the calls that copy: the record, its place, its claim; and the record.
const (
	beginWrites  = 3
	finishWrites = 1
)

func TestCopyAfterCrashes(t *testing.T) {
	for _, first := range crashes(beginWrites) {
		for _, second := range crashes(finishWrites) {
			t.Run(fmt.Sprintf("begin %v, finish %v", first, second), func(t *testing.T) {
				onEach(t, func(t *testing.T, open func() Keys) { copyAfterCrashes(t, open, first, second) })
			})
		}
	}
}

func copyAfterCrashes(t *testing.T, open func() Keys, first, second crash) {
	m := copyOf(t, sourceOf(), request())
	died := first.die(open, func(e Engine) error {
		_, err := e.BeginCopy(context.Background(), m, inWest)
		return err
	})
	if !died {
		t.Fatal("beginning has fewer writes")
	}
	begun := begin(t, impatient(open()), m)
	if !second.die(open, func(e Engine) error {
		_, err := e.FinishCopy(context.Background(), begun.ID, "00aa")
		return err
	}) {
		t.Fatal("finishing has fewer writes")
	}
	done, err := New(open(), nil).FinishCopy(t.Context(), begun.ID, "00aa")
	if err != nil || done.State != Available {
		t.Fatalf("finished: %+v, %v", done, err)
	}
	available := Query{Filters: []Filter{{"state", []string{"available"}}}}
	if all := idsOf(describe(t, New(open(), nil), available)); !slices.Equal(all, []string{begun.ID}) {
		t.Errorf("available images are %v, want %s", all, begun.ID)
	}
}
