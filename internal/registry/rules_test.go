package registry

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestRegisterRefuses(t *testing.T) {
	set := func(change func(*Image)) Image {
		m := web("web-1")
		change(&m)
		return m
	}
	tags := func(n int) []Tag {
		var tags []Tag
		for i := range n {
			tags = append(tags, Tag{Key: fmt.Sprint("k", i)})
		}
		return tags
	}
	for name, c := range map[string]struct {
		image Image
		code  Code // "" is accepted
	}{
		"plain":                  {web("web-1"), ""},
		"name of 3":              {web("abc"), ""},
		"name of 128":            {web(strings.Repeat("n", 128)), ""},
		"name of all characters": {web("aZ09()[] ./-'@_"), ""},
		"no name":                {web(""), NameMalformed},
		"name of 2":              {web("ab"), NameMalformed},
		"name of 129":            {web(strings.Repeat("n", 129)), NameMalformed},
		"name with a colon":      {web("web:1"), NameMalformed},
		"name with a newline":    {web("web\n1"), NameMalformed},
		"name with an umlaut":    {web("wéb"), NameMalformed},
		"name not UTF-8":         {web("web\xff"), NameMalformed},
		"name with a NUL":        {web("web\x00"), NameMalformed},

		"no description":         {set(func(m *Image) { m.Description = "" }), ""},
		"description of 255":     {set(func(m *Image) { m.Description = strings.Repeat("é", 255) }), ""},
		"description of 256":     {set(func(m *Image) { m.Description = strings.Repeat("é", 256) }), ParameterValue},
		"description not UTF-8":  {set(func(m *Image) { m.Description = "\xff" }), ParameterValue},
		"description of escapes": {set(func(m *Image) { m.Description = "\x1b[2J" }), ParameterValue},

		"no owner":           {set(func(m *Image) { m.Owner = "" }), ParameterValue},
		"owner of 11":        {set(func(m *Image) { m.Owner = "12345678901" }), ParameterValue},
		"owner with dashes":  {set(func(m *Image) { m.Owner = "1234-5678-9012" }), ParameterValue},
		"owner of letters":   {set(func(m *Image) { m.Owner = "12345678901a" }), ParameterValue},
		"region of AWS":      {set(func(m *Image) { m.Region = "us-gov-west-1" }), ""},
		"no region":          {set(func(m *Image) { m.Region = "" }), ParameterValue},
		"region is a path":   {set(func(m *Image) { m.Region = "../.." }), ParameterValue},
		"region of capitals": {set(func(m *Image) { m.Region = "East" }), ParameterValue},
		"region of 65":       {set(func(m *Image) { m.Region = strings.Repeat("r", 65) }), ParameterValue},

		"no location":           {set(func(m *Image) { m.Location = "" }), NoParameter},
		"location with newline": {set(func(m *Image) { m.Location = "/a\nb" }), ParameterValue},
		"arm64":                 {set(func(m *Image) { m.Architecture = "arm64" }), ""},
		"no architecture":       {set(func(m *Image) { m.Architecture = "" }), ParameterValue},
		"unknown architecture":  {set(func(m *Image) { m.Architecture = "sparc" }), ParameterValue},
		"hvm":                   {set(func(m *Image) { m.VirtualizationType = "hvm" }), ""},
		"unknown virtualization": {
			set(func(m *Image) { m.VirtualizationType = "qemu" }), ParameterValue,
		},
		"unknown type":    {set(func(m *Image) { m.Type = "disk" }), ParameterValue},
		"kernel":          {set(func(m *Image) { m.KernelID = "aki-12345678" }), ""},
		"garbled kernel":  {set(func(m *Image) { m.KernelID = "aki 1" }), ParameterValue},
		"garbled ramdisk": {set(func(m *Image) { m.RamdiskID = "ari\n1" }), ParameterValue},
		"garbled root":    {set(func(m *Image) { m.RootDeviceName = "a b" }), ParameterValue},

		"devices": {set(func(m *Image) {
			m.BlockDevices = []BlockDevice{{DeviceName: "/dev/sdb", VirtualName: "ephemeral0"}, {DeviceName: "/dev/sdc", VirtualName: "ephemeral1"}}
		}), ""},
		"one device twice": {set(func(m *Image) {
			m.BlockDevices = []BlockDevice{{DeviceName: "/dev/sdb", VirtualName: "ephemeral0"}, {DeviceName: "/dev/sdb", VirtualName: "ephemeral1"}}
		}), ParameterValue},
		"volume": {
			set(func(m *Image) { m.BlockDevices = []BlockDevice{{DeviceName: "/dev/sdb", EBS: &EBS{VolumeSize: 1}}} }), "",
		},
		"volume of a snapshot": {
			set(func(m *Image) {
				m.BlockDevices = []BlockDevice{{DeviceName: "/dev/sdb", EBS: &EBS{SnapshotID: "snap-1"}}}
			}), "",
		},
		"volume without a size": {
			set(func(m *Image) { m.BlockDevices = []BlockDevice{{DeviceName: "/dev/sdb", EBS: &EBS{}}} }), NoParameter,
		},
		"volume of 65537 GiB": {
			set(func(m *Image) { m.BlockDevices = []BlockDevice{{DeviceName: "/dev/sdb", EBS: &EBS{VolumeSize: 65537}}} }),
			ParameterValue,
		},
		"virtual volume": {
			set(func(m *Image) {
				m.BlockDevices = []BlockDevice{{DeviceName: "/dev/sdb", VirtualName: "ephemeral0", EBS: &EBS{VolumeSize: 1}}}
			}), ParameterValue,
		},
		"platform windows":      {set(func(m *Image) { m.Platform = "windows" }), ""},
		"unknown platform":      {set(func(m *Image) { m.Platform = "linux" }), ParameterValue},
		"unknown boot mode":     {set(func(m *Image) { m.BootMode = "bios" }), ParameterValue},
		"unknown SR-IOV":        {set(func(m *Image) { m.SriovNetSupport = "double" }), ParameterValue},
		"source without region": {set(func(m *Image) { m.SourceImageID = "ami-1a2b3c4d" }), ParameterValue},
		"source without ID":     {set(func(m *Image) { m.SourceImageRegion = "east" }), IDMalformed},
		"device without a name": {set(func(m *Image) { m.BlockDevices = []BlockDevice{{}} }), ParameterValue},
		"garbled device": {
			set(func(m *Image) { m.BlockDevices = []BlockDevice{{DeviceName: "/dev/sdb", VirtualName: "a\tb"}} }), ParameterValue,
		},

		"50 tags":       {set(func(m *Image) { m.Tags = tags(50) }), ""},
		"51 tags":       {set(func(m *Image) { m.Tags = tags(51) }), TagLimit},
		"tag of AWS":    {set(func(m *Image) { m.Tags = []Tag{{"aws:x", ""}} }), ParameterValue},
		"tag twice":     {set(func(m *Image) { m.Tags = []Tag{{"a", "1"}, {"a", "2"}} }), ParameterValue},
		"tag of 129":    {set(func(m *Image) { m.Tags = []Tag{{strings.Repeat("k", 129), ""}} }), ParameterValue},
		"value of 257":  {set(func(m *Image) { m.Tags = []Tag{{"k", strings.Repeat("v", 257)}} }), ParameterValue},
		"value garbled": {set(func(m *Image) { m.Tags = []Tag{{"k", "\x00"}} }), ParameterValue},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(NewDirKeys(t.TempDir()), nil).Register(t.Context(), c.image)
			refusal, _ := errors.AsType[*Error](err)
			switch {
			case c.code == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.code != "" && (refusal == nil || refusal.Code != c.code):
				t.Errorf("error is %v, want %s", err, c.code)
			}
		})
	}
}

func TestMalformedNameMessage(t *testing.T) {
	const want = "InvalidAMIName.Malformed: AMI names must be between 3 and 128 characters long, and may contain " +
		"letters, numbers, '(', ')', '.', '-', '/' and '_'"
	if err := CheckName("a"); err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

func TestRegisterTwice(t *testing.T) {
	e := New(NewDirKeys(t.TempDir()), nil)
	m := register(t, e, web("web-1"))
	if _, err := e.Register(t.Context(), m); err == nil {
		t.Error("an image that has an ID was registered")
	}
}

func TestCheckID(t *testing.T) {
	for id, ok := range map[string]bool{
		"ami-0123456789abcdef0":  true,
		"ami-1a2b3c4d":           true,
		"":                       false,
		"ami-":                   false,
		"ami-1a2b3c4":            false,
		"ami-1A2B3C4D":           false,
		"ami-1a2b3c4g":           false,
		"ami-0123456789abcdef":   false,
		"ami-0123456789abcdef01": false,
		"aki-1a2b3c4d":           false,
		"ami-../../..":           false,
		" ami-1a2b3c4d":          false,
	} {
		if err := CheckID(id); (err == nil) != ok {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestIDsFromRandom(t *testing.T) {
	zeros := strings.NewReader(strings.Repeat("\x00", 9))
	id, err := NewID(zeros)
	if err != nil || id != "ami-00000000000000000" {
		t.Errorf("ID is %q, %v", id, err)
	}
	if _, err := NewID(zeros); err == nil {
		t.Error("an ID was made without randomness")
	}
}

// TestIDCollision has a random source that repeats itself.
func TestIDCollision(t *testing.T) {
	keys := NewDirKeys(t.TempDir())
	same := strings.NewReader(strings.Repeat("\x00", 1<<10))
	e := New(keys, &Options{Random: same})
	first := register(t, e, web("web-1"))
	if _, err := e.Register(t.Context(), web("web-2")); err == nil {
		t.Error("an ID was given twice")
	}
	if all := describe(t, e, Query{}); len(all) != 1 || all[0].Name != first.Name {
		t.Errorf("images are %v", all)
	}
}
