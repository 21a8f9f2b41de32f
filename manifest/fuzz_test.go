package manifest

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// FuzzParse holds that nothing makes Parse panic; that what it takes can be signed, once it is said in our
// version, and is then read as the same; and that another XML parser takes it too, and reads the same text.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"*/*/*.manifest.xml", "adversarial/*.manifest.xml"} {
		paths, err := filepath.Glob(filepath.Join(vectors, pattern))
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			if seed, err := os.ReadFile(path); err == nil && len(seed) < 1<<16 {
				f.Add(seed)
			}
		}
	}
	f.Add(signed(f, full()))
	key := testKey(f, "user1024")
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if err != nil {
			return
		}
		sameText(t, data, m)
		modernize(m)
		document, err := m.Sign(key)
		if err != nil {
			t.Fatalf("cannot sign what Parse takes: %v", err)
		}
		again, err := Parse(document)
		if err != nil {
			t.Fatalf("cannot parse what Sign wrote: %v", err)
		}
		if diff := gocmp.Diff(m, again, gocmp.AllowUnexported(Manifest{})); diff != "" {
			t.Errorf("manifest differs after it was signed:\n%s", diff)
		}
	})
}

// modernize replaces what is read from others only.
func modernize(m *Manifest) {
	m.Version, m.Signature = Version, nil
	if CheckArchitecture(m.Machine.Architecture) != nil {
		m.Machine.Architecture = "x86_64"
	}
	slices.SortFunc(m.Machine.BlockDevices, func(a, b BlockDevice) int { return cmp.Compare(a.Virtual, b.Virtual) })
	if m.Image.Type == "" {
		m.Image.Type = "machine"
	}
	if len(m.Image.UserKey) == 0 {
		m.Image.UserKey, m.Image.UserIV = []byte{1}, []byte{2}
	}
}

// sameText compares what encoding/xml makes of the document.
func sameText(t *testing.T, data []byte, m *Manifest) {
	var other struct {
		Kernel string   `xml:"machine_configuration>kernel_id"`
		Name   string   `xml:"image>name"`
		Codes  []string `xml:"machine_configuration>product_codes>product_code"`
		Parts  []struct {
			Index int    `xml:"index,attr"`
			Name  string `xml:"filename"`
		} `xml:"image>parts>part"`
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	if err := d.Decode(&other); err != nil {
		t.Fatalf("encoding/xml: %v", err)
	}
	if other.Name != m.Image.Name || other.Kernel != m.Machine.KernelID || len(other.Parts) != len(m.Image.Parts) {
		t.Fatalf("encoding/xml reads %+v", other)
	}
	if diff := gocmp.Diff(other.Codes, m.Machine.ProductCodes); diff != "" {
		t.Fatal(diff)
	}
	for _, p := range other.Parts {
		if m.Image.Parts[p.Index].Name != p.Name {
			t.Fatalf("encoding/xml reads part %d as %q", p.Index, p.Name)
		}
	}
}
