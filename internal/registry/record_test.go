package registry

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStoredForm(t *testing.T) {
	const want = `{
  "ImageId": "ami-0123456789abcdef0",
  "Name": "web-1",
  "Description": "the web \u0026 its servers",
  "OwnerId": "123456789012",
  "Region": "local",
  "ImageLocation": "s3://bucket/web/image.manifest.xml",
  "ManifestDigest": "00ff",
  "ImageType": "machine",
  "Architecture": "x86_64",
  "KernelId": "aki-1",
  "RamdiskId": "ari-1",
  "RootDeviceType": "instance-store",
  "RootDeviceName": "/dev/sda1",
  "BlockDeviceMappings": [
    {
      "DeviceName": "/dev/sdb",
      "VirtualName": "ephemeral0"
    },
    {
      "DeviceName": "/dev/sdc",
      "Ebs": {
        "SnapshotId": "snap-1",
        "VolumeSize": 8,
        "VolumeType": "gp3",
        "Encrypted": true,
        "DeleteOnTermination": true
      }
    }
  ],
  "VirtualizationType": "hvm",
  "Platform": "windows",
  "BootMode": "uefi",
  "EnaSupport": true,
  "SriovNetSupport": "simple",
  "ProductCodes": [
    {
      "ProductCodeId": "774F4FF8",
      "ProductCodeType": "devpay"
    }
  ],
  "Tags": [
    {
      "Key": "role",
      "Value": "web"
    }
  ],
  "SourceImageId": "ami-1a2b3c4d",
  "SourceImageRegion": "east",
  "State": "failed",
  "StateReason": {
    "Code": "Client.X",
    "Message": "x"
  },
  "CreationDate": "2026-11-03T10:20:30.100Z",
  "DeprecationTime": "2028-11-03T10:20:30.000Z",
  "LastLaunchedTime": "2027-11-03T10:20:30.000Z",
  "DeregistrationTime": "2029-11-03T10:20:30.000Z",
  "DeregistrationProtection": "disabled",
  "CooldownEnd": "2026-11-03T10:20:30.000Z",
  "LaunchPermissions": [
    {
      "UserId": "111122223333"
    },
    {
      "Group": "all"
    }
  ],
  "Nonce": "n"
}`
	r := record{Image: full(), Nonce: "n"}
	got, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("stored form (-want +got):\n%s", diff)
	}
	back, err := parseRecord(imageKey(r.ID), got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

// full returns an image with every field set.
func full() Image {
	m := web("web-1")
	m.ID, m.ManifestDigest, m.Type = "ami-0123456789abcdef0", "00ff", "machine"
	m.KernelID, m.RamdiskID = "aki-1", "ari-1"
	m.RootDeviceType, m.RootDeviceName, m.VirtualizationType = "instance-store", "/dev/sda1", "hvm"
	m.BlockDevices = []BlockDevice{
		{DeviceName: "/dev/sdb", VirtualName: "ephemeral0"},
		{DeviceName: "/dev/sdc", EBS: &EBS{"snap-1", 8, "gp3", true, true}},
	}
	m.Platform, m.BootMode, m.EnaSupport, m.SriovNetSupport = "windows", "uefi", true, "simple"
	m.SourceImageID, m.SourceImageRegion = "ami-1a2b3c4d", "east"
	m.DeregistrationProtection = Unprotected
	m.ProductCodes = []ProductCode{{"774F4FF8", "devpay"}}
	m.Tags = []Tag{{"role", "web"}}
	m.State, m.StateReason = Failed, &StateReason{"Client.X", "x"}
	created := time.Date(2026, 11, 3, 10, 20, 30, 100_000_000, time.UTC)
	m.CreationDate = TimeOf(created)
	m.DeprecationTime = TimeOf(created.Truncate(time.Second).AddDate(2, 0, 0))
	m.LastLaunchedTime = TimeOf(created.Truncate(time.Second).AddDate(1, 0, 0))
	m.CooldownEnd = TimeOf(created.Truncate(time.Second))
	m.DeregistrationTime = TimeOf(created.Truncate(time.Second).AddDate(3, 0, 0))
	m.LaunchPermissions = []LaunchPermission{{UserID: "111122223333"}, {Group: "all"}}
	return m
}

func TestUnknownFieldsSurvive(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		const id = "ami-0123456789abcdef0"
		const future = `{"ImageId":"ami-0123456789abcdef0","Name":"web-1","OwnerId":"123456789012","Region":"local",
			"State":"available","CreationDate":"2026-11-03T10:20:30.100Z","Nonce":"n","TpmSupport":"v2.0",
			"BlockDeviceMappings":[{"DeviceName":"/dev/sdb","Ebs":{"VolumeSize":8,"Iops":12345678901234567890}}]}`
		keys := open()
		if _, err := keys.Create(t.Context(), imageKey(id), []byte(future)); err != nil {
			t.Fatal(err)
		}
		if _, err := New(keys, &Options{Now: clock()}).Deregister(t.Context(), id, Caller{}); err != nil {
			t.Fatal(err)
		}
		text, _ := getKey(t, keys, imageKey(id))
		var got, want map[string]any
		if err := errors.Join(json.Unmarshal(text, &got), json.Unmarshal([]byte(future), &want)); err != nil {
			t.Fatal(err)
		}
		want["State"], want["DeregistrationTime"] = "deregistered", "2026-11-03T09:20:31.123Z"
		if want["Nonce"] == got["Nonce"] {
			t.Error("the nonce did not change")
		}
		want["Nonce"] = got["Nonce"]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("record (-want +got):\n%s", diff)
		}
		if !strings.Contains(string(text), "12345678901234567890") {
			t.Error("a number was rounded")
		}
	})
}

func TestAmendRemovesEmptied(t *testing.T) {
	before := record{Image: full(), Nonce: "1"}
	after := record{Image: full(), Nonce: "2"}
	after.Tags, after.DeprecationTime, after.Description = nil, Time{}, ""
	text, err := encode(before)
	if err != nil {
		t.Fatal(err)
	}
	text, err = amend(text, before, after)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseRecord(imageKey(after.ID), text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(after, got); diff != "" {
		t.Errorf("amended (-want +got):\n%s", diff)
	}
}

func TestUnreadableRecords(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		keys := open()
		e := New(keys, nil)
		good := register(t, e, web("web-1"))
		bad := map[string]string{
			"ami-00000001": "",
			"ami-00000002": "{",
			"ami-00000003": "[]",
			"ami-00000004": `{"ImageId":"ami-00000001","Name":"x","State":"available"}`,
			"ami-00000005": `{"ImageId":"ami-00000005","Name":"x"}`,
			"ami-00000006": `{"ImageId":"ami-00000006","Name":"x","State":"available","CreationDate":"yesterday"}`,
			"ami-00000007": `{"ImageId":"ami-00000007","State":"available"}`,
			"ami-00000008": `{"ImageId":"ami-00000008","Name":"x","State":"available"}}`,
		}
		for id, text := range bad {
			if _, err := keys.Create(t.Context(), imageKey(id), []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range []string{"images/README", "images/ami-1.json", "images/x/ami-00000009.json"} {
			if _, err := keys.Create(t.Context(), key, []byte("foreign")); err != nil {
				t.Fatal(err)
			}
		}
		listing, err := e.Describe(t.Context(), Query{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]Image{good}, listing.Images); diff != "" {
			t.Errorf("listed (-want +got):\n%s", diff)
		}
		named := map[string]bool{}
		for _, err := range listing.Unreadable {
			unreadable, ok := errors.AsType[*UnreadableError](err)
			if !ok || !strings.Contains(err.Error(), unreadable.Key) {
				t.Fatalf("error is %v", err)
			}
			id, _ := imageID(unreadable.Key)
			named[id] = true
		}
		for id := range bad {
			if !named[id] {
				t.Errorf("record of %s is not reported", id)
			}
		}
		if len(named) != len(bad) {
			t.Errorf("reported: %v", listing.Unreadable)
		}
		_, look := e.Describe(t.Context(), Query{IDs: []string{good.ID, "ami-00000002"}})
		_, deregister := e.Deregister(t.Context(), "ami-00000002", Caller{})
		for _, err := range []error{look, deregister} {
			if _, ok := errors.AsType[*UnreadableError](err); !ok {
				t.Errorf("asked for by its ID, the error is %v", err)
			}
		}
	})
}

// TestUnknownNestedFieldsSurvive changes lists whose elements have fields of a later version.
func TestUnknownNestedFieldsSurvive(t *testing.T) {
	const id = "ami-0123456789abcdef0"
	const start = `{"ImageId":"` + id + `","Name":"web-1","OwnerId":"123456789012","State":"available",` +
		`"CreationDate":"2026-11-03T10:20:30.100Z",` +
		`"BlockDeviceMappings":[{"DeviceName":"/dev/sdb","Ebs":{"VolumeSize":8,"Iops":3000}}],`
	text := []byte(start + `"Nonce":"1","LaunchPermissions":[{"Realm":"a"},{"UserId":"111122223333","Until":1},{"Realm":"b"}],` +
		`"Tags":[{"Key":"a","Value":"1","By":"x"},{"Key":"b","Value":"2","By":"y"}]}`)
	before, err := parseRecord(imageKey(id), text)
	if err != nil {
		t.Fatal(err)
	}
	after := before
	after.Nonce, after.Tags = "2", []Tag{{"b", "2"}, {"c", "3"}}
	after.LaunchPermissions = append([]LaunchPermission{{Group: "all"}}, before.LaunchPermissions...)
	amended, err := amend(text, before, after)
	if err != nil {
		t.Fatal(err)
	}
	want := start + `"Nonce":"2","LaunchPermissions":[{"Group":"all"},{"Realm":"a"},{"UserId":"111122223333","Until":1},` +
		`{"Realm":"b"}],"Tags":[{"Key":"b","Value":"2","By":"y"},{"Key":"c","Value":"3"}]}`
	var got, wanted any
	if err := errors.Join(json.Unmarshal(amended, &got), json.Unmarshal([]byte(want), &wanted)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

// TestUnreadableHolder has a name held by records that say nothing certain: the name is not given away.
func TestUnreadableHolder(t *testing.T) {
	holder := web("web-1")
	holder.ID = "ami-00000000000000001"
	for name, c := range map[string]struct{ claim, record string }{
		"record":     {`{"Name":"web-1","ImageId":"ami-00000000000000001"}`, "{"},
		"claim":      {"{", ""},
		"other name": {`{"Name":"web-2","ImageId":"ami-00000000000000001"}`, ""},
		"no ID":      {`{"Name":"web-1","ImageId":"../../x"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, open func() Keys) {
				keys := open()
				_, err := keys.Create(t.Context(), claimKey(holder), []byte(c.claim))
				if c.record != "" && err == nil {
					_, err = keys.Create(t.Context(), imageKey(holder.ID), []byte(c.record))
				}
				if err != nil {
					t.Fatal(err)
				}
				_, err = New(keys, nil).Register(t.Context(), web("web-1"))
				if _, ok := errors.AsType[*UnreadableError](err); !ok {
					t.Errorf("error is %v", err)
				}
			})
		})
	}
}

// TestFutureStateIsAlive gives a name to an image in a state of a later version: the name is taken.
func TestFutureStateIsAlive(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		keys := open()
		e := newObjects(keys, nil)
		m := register(t, e, web("web-1"))
		_, err := e.update(t.Context(), m.ID, func(m *Image) error {
			m.State = "disabled"
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Register(t.Context(), web("web-1"))
		wantDuplicate(t, err, m)
	})
}
