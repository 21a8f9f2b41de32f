package manifest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestSignRoundTrip(t *testing.T) {
	const nasty = `a b&amp;<c>'d'"e";é😀$(f)` + "`g`]]>"
	tests := []struct {
		name string
		edit func(m *Manifest)
	}{
		{"all", func(m *Manifest) {}},
		{"least", func(m *Manifest) {
			m.Bundler = Bundler{}
			m.Machine = Machine{Architecture: "arm64"}
			m.Image.KernelName, m.Image.Ancestry, m.Image.Parts = "", nil, m.Image.Parts[:1]
		}},
		{"no version", func(m *Manifest) { m.Version = "" }},
		{"some of bundler", func(m *Manifest) { m.Bundler = Bundler{Version: "1"} }},
		{"nasty names", func(m *Manifest) {
			m.Bundler.Name, m.Machine.KernelID, m.Machine.BlockDevices[0].Virtual = nasty, nasty, " "+nasty
			m.Machine.ProductCodes, m.Image.Ancestry = []string{nasty, " "}, []string{nasty}
			m.Image.Name, m.Image.KernelName, m.Image.Parts[1].Name = nasty, nasty, nasty
		}},
		{"replacement character", func(m *Manifest) { m.Image.Name = "\uFFFD" }},
		{"longest name", func(m *Manifest) { m.Image.Name = strings.Repeat("é", 127) + "x" }},
		{"largest numbers", func(m *Manifest) { m.Image.Size, m.Image.BundledSize = 1<<63-1, 1<<63-1 }},
		{"bundled size of zero", func(m *Manifest) { m.Image.BundledSize = 0 }},
		{"eleven parts", func(m *Manifest) { m.Image.Parts = manyParts(11) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := full()
			tt.edit(m)
			document := signed(t, m)
			parsed, err := Parse(document)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, parsed, m)
			if again := signed(t, parsed); !bytes.Equal(again, document) {
				t.Errorf("signed again, the document is\n%s, want\n%s", again, document)
			}
			key := testKey(t, "user1024")
			if err := errors.Join(m.Verify(&key.PublicKey), parsed.Verify(&key.PublicKey)); err != nil {
				t.Error(err)
			}
		})
	}
}

func manyParts(n int) []Part {
	parts := make([]Part, n)
	for i := range parts {
		parts[i] = Part{fmt.Sprintf("disk.img.part.%02d", i), Digest{byte(i), byte(i >> 8)}}
	}
	return parts
}

func TestSignedForm(t *testing.T) {
	m := full()
	m.Image.Name, m.Image.Parts = "é & b", m.Image.Parts[:1]
	m.Machine.BlockDevices = []BlockDevice{{"swap", "sda3"}, {"ami", "sda1"}}
	got := string(signed(t, m))
	want := "<?xml version='1.0'?><manifest><version>2007-10-10</version>" +
		"<bundler><name>amiforge</name><version>1</version><release>2</release></bundler>" +
		"<machine_configuration><architecture>x86_64</architecture><block_device_mapping>" +
		"<mapping><virtual>ami</virtual><device>sda1</device></mapping>" +
		"<mapping><virtual>swap</virtual><device>sda3</device></mapping></block_device_mapping>" +
		"<kernel_id>aki-12345678</kernel_id><ramdisk_id>ari-87654321</ramdisk_id>" +
		"<product_codes><product_code>A1</product_code><product_code>B2,C&amp;3</product_code></product_codes>" +
		"</machine_configuration><image><name>&#233; &amp; b</name><user>123456789012</user>" +
		"<type>kernel</type><kernel_name>vmlinuz</kernel_name><ancestry><ancestor_ami_id>ami-11111111" +
		"</ancestor_ami_id><ancestor_ami_id>ami-22222222</ancestor_ami_id></ancestry>" +
		"<digest algorithm='SHA1'>0102030000000000000000000000000000000000</digest>" +
		"<size>1099511627776</size><bundled_size>32</bundled_size>" +
		"<ec2_encrypted_key algorithm='AES-128-CBC'>01</ec2_encrypted_key>" +
		"<user_encrypted_key algorithm='AES-128-CBC'>02</user_encrypted_key>" +
		"<ec2_encrypted_iv>03</ec2_encrypted_iv><user_encrypted_iv>04</user_encrypted_iv>" +
		"<parts count='1'><part index='0'><filename>disk.img.part.00</filename>" +
		"<digest algorithm='SHA1'>0500000000000000000000000000000000000000</digest></part></parts></image>" +
		fmt.Sprintf("<signature>%x</signature></manifest>", m.Signature)
	if got != want {
		t.Errorf("document is\n%s, want\n%s", got, want)
	}
}

// What ec2-ami-tools wrote, we write with the same bytes: PKCS #1 v1.5 signatures are deterministic.
func TestSignReproducesVectors(t *testing.T) {
	for _, row := range rows(t, "INDEX.tsv") {
		if !strings.HasPrefix(row["dir"], "ec2/") {
			continue
		}
		t.Run(row["dir"], func(t *testing.T) {
			want := read(t, row["dir"], row["manifest"])
			m, err := Parse(want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Sign(testKey(t, row["key"]))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("document is\n%s, want\n%s", got, want)
			}
		})
	}
}

func TestSignRefuses(t *testing.T) {
	tests := []struct {
		name    string
		edit    func(m *Manifest)
		element string
	}{
		{"old version", func(m *Manifest) { m.Version = "3" }, "version"},
		{"no architecture", func(m *Manifest) { m.Machine.Architecture = "" }, "machine_configuration/architecture"},
		{"unknown architecture", func(m *Manifest) { m.Machine.Architecture = "amd64" }, "machine_configuration/architecture"},
		{"device twice", func(m *Manifest) { m.Machine.BlockDevices[1].Virtual = "ami" }, "machine_configuration/block_device_mapping/mapping[1]/virtual"},
		{"empty product code", func(m *Manifest) { m.Machine.ProductCodes[1] = "" }, "machine_configuration/product_codes/product_code[1]"},
		{"newline", func(m *Manifest) { m.Machine.KernelID = "a\nb" }, "machine_configuration/kernel_id"},
		{"not UTF-8", func(m *Manifest) { m.Bundler.Name = "a\xffb" }, "bundler/name"},
		{"encoded surrogate", func(m *Manifest) { m.Bundler.Name = "a\xed\xa0\x80" }, "bundler/name"},
		{"no name", func(m *Manifest) { m.Image.Name = "" }, "image/name"},
		{"dashes", func(m *Manifest) { m.Image.User = "1234-5678-9012" }, "image/user"},
		{"no user", func(m *Manifest) { m.Image.User = "" }, "image/user"},
		{"no type", func(m *Manifest) { m.Image.Type = "" }, "image/type"},
		{"no digest", func(m *Manifest) { m.Image.Digest = Digest{} }, "image/digest"},
		{"no size", func(m *Manifest) { m.Image.Size = 0 }, "image/size"},
		{"negative size", func(m *Manifest) { m.Image.BundledSize = -1 }, "image/bundled_size"},
		{"not wrapped", func(m *Manifest) { m.Image.UserKey = nil }, "image/user_encrypted_key"},
		{"endless key", func(m *Manifest) { m.Image.EC2Key = make([]byte, 1<<20) }, "image/ec2_encrypted_key"},
		{"no parts", func(m *Manifest) { m.Image.Parts = nil }, "image/parts"},
		{"part outside", func(m *Manifest) { m.Image.Parts[1].Name = "../x" }, "image/parts/part[1]/filename"},
		{"part twice", func(m *Manifest) { m.Image.Parts[1] = m.Image.Parts[0] }, "image/parts/part[1]/filename"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := full()
			tt.edit(m)
			document, err := m.Sign(testKey(t, "user1024"))
			if e, ok := errors.AsType[*Error](err); !ok || e.Element != tt.element || document != nil {
				t.Errorf("error is %v, want one of element %s", err, tt.element)
			}
			if !m.Unsigned() {
				t.Error("the manifest became signed")
			}
		})
	}
}

func TestVerify(t *testing.T) {
	m := full()
	document := signed(t, m)
	owner, other := testKey(t, "user1024"), testKey(t, "wrong")
	if err := m.Verify(&other.PublicKey); err != ErrSignature {
		t.Errorf("other key: %v", err)
	}
	if err := full().Verify(&owner.PublicKey); err != ErrUnsigned {
		t.Errorf("never signed: %v", err)
	}
	from, to := bytes.Index(document, []byte("<machine")), bytes.Index(document, []byte("<signature"))
	for i := from; i < to; i++ {
		changed := slices.Clone(document)
		changed[i] ^= 1
		if m, err := Parse(changed); err == nil && m.Verify(&owner.PublicKey) != ErrSignature {
			t.Fatalf("byte %d may change to %q", i, changed[i])
		}
	}
}

// Another XML parser reads our document alike.
func TestEncodingXML(t *testing.T) {
	m := full()
	m.Image.Name = `a b&amp;<c>'d'"e";é😀`
	var got struct {
		Name  string   `xml:"image>name"`
		Parts []string `xml:"image>parts>part>filename"`
	}
	if err := xml.Unmarshal(signed(t, m), &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != m.Image.Name || len(got.Parts) != 2 || got.Parts[1] != m.Image.Parts[1].Name {
		t.Errorf("encoding/xml reads %+v", got)
	}
}
