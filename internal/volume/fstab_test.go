package volume

import (
	"io"
	"strings"
	"testing"

	"amiforge/internal/tree"
)

func TestRootSpec(t *testing.T) {
	for table, want := range map[string]string{
		"": "",
		"# LABEL=x / ext4\nLABEL=root / ext4 defaults 0 1\n": "LABEL=root",
		"proc /proc proc\n\t UUID=1\t/ ext3":                 "UUID=1",
		"/dev/sda1 / ext3\n/dev/sda2 / ext3\n":               "/dev/sda1",
		"#":                                                  "",
		"/":                                                  "",
		"a b\nc":                                             "",
		strings.Repeat("x", 100000) + " / ":                  "",
	} {
		if got := RootSpec([]byte(table)); got != want {
			t.Errorf("%.40q: %q, want %q", table, got, want)
		}
	}
}

func TestFstab(t *testing.T) {
	uuid, err := ParseUUID("0b7a6a1e-5f1c-4d51-9d3e-0a3f6f0a2b5c")
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]string{
		"":        "UUID=0b7a6a1e-5f1c-4d51-9d3e-0a3f6f0a2b5c",
		"root":    "LABEL=root",
		"a.b-C_9": "LABEL=a.b-C_9",
		"my root": "UUID=0b7a6a1e-5f1c-4d51-9d3e-0a3f6f0a2b5c",
		"\"x\\":   "UUID=0b7a6a1e-5f1c-4d51-9d3e-0a3f6f0a2b5c",
	} {
		spec := RootSpec(Fstab(uuid, label))
		if spec != want {
			t.Errorf("%q: %q, want %q", label, spec, want)
		}
		if why := Misfit(spec, uuid, label); why != "" {
			t.Errorf("%q: %s", label, why)
		}
	}
}

func TestMisfit(t *testing.T) {
	uuid, _ := ParseUUID("0b7a6a1e-5f1c-4d51-9d3e-0a3f6f0a2b5c")
	for spec, want := range map[string]bool{
		"": false, "/dev/sda1": false, "LABEL=root": false, `LABEL="root"`: false, "label=root": false,
		"UUID=0B7A6A1E-5F1C-4D51-9D3E-0A3F6F0A2B5C": false, "nfs:/x=y": false,
		"UUID=1": true, "LABEL=Root": true, "LABEL=": true, "PARTUUID=1": true, "PARTLABEL=root": true,
	} {
		if why := Misfit(spec, uuid, "root"); (why != "") != want {
			t.Errorf("%s: %q", spec, why)
		}
	}
	if why := Misfit("LABEL=root", uuid, ""); why != "the volume has no label" {
		t.Errorf("%q of a volume without a label", why)
	}
}

// The table passes as it is, and is seen; no other file is.
func TestWatchFstab(t *testing.T) {
	long := file(fstabName, strings.Repeat("x", maxFstab+1))
	for _, tt := range []struct {
		name string
		item tree.Item
		seen bool
	}{
		{"table", file(fstabName, "LABEL=a / ext4\n"), true},
		{"empty", file(fstabName, ""), true},
		{"long", long, false},
		{"directory", dir(fstabName), false},
		{"link", link(fstabName, "etc/other"), false},
		{"another", file("srv/etc/fstab", "LABEL=a / ext4\n"), false},
	} {
		seen := 0
		src := WatchFstab(&list{items: []tree.Item{tt.item}}, func([]byte) { seen++ })
		item, err := src.Next()
		if err != nil {
			t.Fatal(err)
		}
		if (seen == 1) != tt.seen || seen > 1 {
			t.Errorf("%s: seen %d times", tt.name, seen)
		}
		if item.Content == nil {
			continue
		}
		if text, err := io.ReadAll(item.Content); err != nil || int64(len(text)) != item.Size {
			t.Errorf("%s: %d bytes (%v), want %d", tt.name, len(text), err, item.Size)
		}
	}
}

func TestParseUUID(t *testing.T) {
	const good = "0b7a6a1e-5f1c-4d51-9d3e-0a3f6f0a2b5c"
	for _, s := range []string{good, strings.ToUpper(good)} {
		u, err := ParseUUID(s)
		if err != nil || FormatUUID(u) != good {
			t.Errorf("%s: %x (%v)", s, u, err)
		}
	}
	for _, s := range []string{
		"", "-", "clear", "random", good[1:], good + "0", good + "-", "0" + good[:35], strings.ReplaceAll(good, "-", ""),
		"0b7a6a1e5f1c-4d51-9d3e-0a3f6f0a2b5c-", "{" + good + "}", "zb7a6a1e-5f1c-4d51-9d3e-0a3f6f0a2b5c",
		"00000000-0000-0000-0000-000000000000",
	} {
		if _, err := ParseUUID(s); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
}
