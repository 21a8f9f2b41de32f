package manifest

import (
	"strings"
	"testing"
)

// Other spellings of the same document are read as the same manifest: other tools write them, or may.
func TestParseDialects(t *testing.T) {
	good := string(signed(t, full()))
	tests := []struct{ name, old, new string }{
		{"as written", "", ""},
		{"no declaration", "<?xml version='1.0'?>", ""},
		{"double quotes", "'", `"`},
		{"declaration of euca2ools", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='ASCII'?>\n"},
		{"declaration of UTF-8", "<?xml version='1.0'?>", "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\r\n"},
		{"US-ASCII", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='us-ascii'?>"},
		{"white space between elements", "><", ">\r\n\t <"},
		{"white space in tags", ">", " \n>"},
		{"white space in attributes", "='2'", " =\t'2'"},
		{"final newline", "</manifest>", "</manifest>\n"},
		{"references", "disk.img</name>", "&#100;&#x69;sk&#x2E;img</name>"},
		{"no algorithm", " algorithm='SHA1'", ""},
		{"dashes in the user", "123456789012", "1234-5678-9012"},
		{"another order", "<kernel_id>aki-12345678</kernel_id><ramdisk_id>ari-87654321</ramdisk_id>", "<ramdisk_id>ari-87654321</ramdisk_id><kernel_id>aki-12345678</kernel_id>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			document := good
			if tt.old != "" {
				document = strings.ReplaceAll(good, tt.old, tt.new)
			}
			if tt.name == "white space in tags" {
				document = strings.Replace(document, "?"+" \n>", "?>", 1)
			}
			got, err := Parse([]byte(document))
			if err != nil {
				t.Fatal(err)
			}
			want, err := Parse([]byte(good))
			if err != nil {
				t.Fatal(err)
			}
			want.signed = got.signed // the source differs, so its digest does
			equal(t, got, want)
		})
	}
}

func TestParseText(t *testing.T) {
	tests := []struct{ source, want string }{
		{"plain", "plain"},
		{"", ""},
		{" inner and outer ", " inner and outer "},
		{"&amp;&lt;&gt;&quot;&apos;", `&<>"'`},
		{"&amp;lt;", "&lt;"},
		{"a > b ]] >", "a > b ]] >"},
		{"it's \"so\"", `it's "so"`},
		{"&#233;&#xe9;&#xE9;é", "éééé"},
		{"&#128512;&#x1F600;", "😀😀"},
		{"&#xFFFD;", "\uFFFD"},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			s := scanner{data: []byte(tt.source + "<")}
			got, err := s.text()
			if err != nil || got != tt.want {
				t.Errorf("text is %q, error %v; want %q", got, err, tt.want)
			}
		})
	}
}

// What is not ASCII is refused where the declaration says ASCII, unless it is escaped.
func TestParseASCII(t *testing.T) {
	tests := []struct {
		source string
		ok     bool
	}{{"disk", true}, {"d&#233;", true}, {"dé", false}}
	for _, tt := range tests {
		s := scanner{data: []byte(tt.source + "<"), ascii: true}
		if _, err := s.text(); (err == nil) != tt.ok {
			t.Errorf("%s: error is %v", tt.source, err)
		}
	}
}

func TestParseVersions(t *testing.T) {
	v3 := string(read(t, "legacy", "v3", "tiny.img.manifest.xml"))
	machine := "<machine_configuration><architecture>i386</architecture></machine_configuration><image>"
	tests := []struct{ name, document, version, arch string }{
		{"3", v3, "3", ""},
		{"2007-08-29", strings.NewReplacer(">3<", ">2007-08-29<", "<image>", machine).Replace(v3), "2007-08-29", "i386"},
		{"20070829", strings.NewReplacer(">3<", ">20070829<", "<image>", machine).Replace(v3), "2007-08-29", "i386"},
		{"without bundler", v3[:strings.Index(v3, "<bundler>")] + v3[strings.Index(v3, "<image>"):], "3", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Parse([]byte(tt.document))
			if err != nil {
				t.Fatal(err)
			}
			if m.Version != tt.version || m.Machine.Architecture != tt.arch || m.Image.Type != "" {
				t.Errorf("version %q, architecture %q, type %q", m.Version, m.Machine.Architecture, m.Image.Type)
			}
		})
	}
}

// Without a key, euca2ools leaves the owner's elements empty and writes UNSIGNED.
func TestParseUnsigned(t *testing.T) {
	good := string(signed(t, full()))
	signature := good[strings.Index(good, "<signature>"):strings.Index(good, "</manifest>")]
	noKeys := strings.NewReplacer(">02</user_encrypted_key>", "/>", ">04</user_encrypted_iv>", "></user_encrypted_iv>").Replace(good)
	tests := []struct {
		name, document string
	}{
		{"UNSIGNED", strings.Replace(good, signature, "<signature>UNSIGNED</signature>", 1)},
		{"empty", strings.Replace(good, signature, "<signature/>", 1)},
		{"missing", strings.Replace(good, signature, "", 1)},
		{"without the owner's key", strings.Replace(noKeys, signature, "<signature>UNSIGNED</signature>", 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Parse([]byte(tt.document))
			if err != nil {
				t.Fatal(err)
			}
			if !m.Unsigned() || m.Signature != nil {
				t.Errorf("signature is %x", m.Signature)
			}
			if err := m.Verify(&testKey(t, "user1024").PublicKey); err != ErrUnsigned {
				t.Errorf("Verify: %v, want ErrUnsigned", err)
			}
		})
	}
}
