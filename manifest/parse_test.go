package manifest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// full returns a manifest that has all that the format knows.
func full() *Manifest {
	return &Manifest{
		Version: Version,
		Bundler: Bundler{"amiforge", "1", "2"},
		Machine: Machine{
			Architecture: "x86_64",
			BlockDevices: []BlockDevice{{"ami", "sda1"}, {"ephemeral0", "sdb"}, {"root", "/dev/sda1"}},
			KernelID:     "aki-12345678",
			RamdiskID:    "ari-87654321",
			ProductCodes: []string{"A1", "B2,C&3"},
		},
		Image: Image{
			Name:        "disk.img",
			User:        "123456789012",
			Type:        "kernel",
			KernelName:  "vmlinuz",
			Ancestry:    []string{"ami-11111111", "ami-22222222"},
			Digest:      Digest{1, 2, 3},
			Size:        1 << 40,
			BundledSize: 32,
			EC2Key:      []byte{1}, UserKey: []byte{2}, EC2IV: []byte{3}, UserIV: []byte{4},
			Parts: []Part{{"disk.img.part.00", Digest{5}}, {"disk.img.part.01", Digest{6}}},
		},
	}
}

// signed returns the document of m.
func signed(tb testing.TB, m *Manifest) []byte {
	tb.Helper()
	document, err := m.Sign(testKey(tb, "user1024"))
	if err != nil {
		tb.Fatal(err)
	}
	return document
}

func equal(t *testing.T, got, want *Manifest) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Manifest{})); diff != "" {
		t.Errorf("manifest differs (-want +got):\n%s", diff)
	}
}

// Each edit of a good document is refused, and the error names the element.
func TestParseRefuses(t *testing.T) {
	const zeros = "0000000000000000000000000000000000000000"
	const part0 = "<part index='0'><filename>disk.img.part.00</filename>"
	tests := []struct{ name, old, new, element, reason string }{
		{"unknown element", "<bundler>", "<bundle/><bundler>", "bundle", "unknown element"},
		{"unknown nested element", "<size>", "<mode/><size>", "image/mode", "unknown element"},
		{"prefix", "<size>", "<x:size/><size>", "image/x:size", "unknown element"},
		{"upper case", "<size>", "<SIZE>1</SIZE><size>", "image/SIZE", "unknown element"},
		{"wild element name", "<size>", "<\x1b[31m/><size>", `image/\x1b[31m`, "unknown element"},
		{"euca2ools' reading of mappings", "<kernel_id>", "<block_device_mappings/><kernel_id>", "machine_configuration/block_device_mappings", "unknown element"},
		{"duplicate scalar", "<size>", "<size>1</size><size>", "image/size", "twice"},
		{"duplicate container", "<image>", "<machine_configuration/><image>", "machine_configuration", "twice"},
		{"duplicate signature", "<signature>", "<signature/><signature>", "signature", "twice"},
		{"duplicate filename", "<filename>disk.img.part.00<", "<filename>a</filename><filename>disk.img.part.00<", "image/parts/part[0]/filename", "twice"},
		{"missing scalar", "<type>kernel</type>", "", "image/type", "missing"},
		{"missing architecture", "<architecture>x86_64</architecture>", "", "machine_configuration/architecture", "missing"},
		{"version is not first", "<version>2007-10-10</version><bundler>", "<bundler/><version>2007-10-10</version><bundler>", "bundler", "where version"},
		{"nested where text is", "<name>disk.img<", "<name><b>disk.img</b><", "image/name", "closing tag"},
		{"crossed tags", "</image><signature>", "<signature></image>", "image/signature", "unknown element"},
		{"wrong closing tag", "</type>", "</size>", "image/type", "closing tag"},
		{"empty closing tag", "</type>", "</>", "image/type", "begins no tag"},

		{"unknown attribute", "<size>", "<size unit='MB'>", "image/size", "unknown attribute"},
		{"namespace", "<image>", "<image xmlns='urn:x'>", "image", "unknown attribute"},
		{"attribute of the root", "<manifest>", "<manifest id='1'>", "manifest", "unknown attribute"},
		{"duplicate attribute", "<parts count='2'>", "<parts count='2' count='2'>", "image/parts", "more than one attribute"},
		{"attribute without value", "<parts count='2'>", "<parts count>", "image/parts", "no value"},
		{"attribute without quotes", "<parts count='2'>", "<parts count=2>", "image/parts", "malformed"},
		{"attribute with open quote", "<parts count='2'>", "<parts count='2>", "image/parts", "malformed"},
		{"attribute with reference", "<parts count='2'>", "<parts count='&#50;'>", "image/parts", "malformed"},
		{"attribute in closing tag", "</parts>", "</parts count='2'>", "image/parts", "malformed"},
		{"junk in tag", "<parts count='2'>", "<parts count='2'=>", "image/parts", "more than one attribute"},
		{"space before name", "<size>", "< size>", "image", "begins no tag"},

		{"text between elements", "<size>", "x<size>", "image", "where only elements"},
		{"NUL between elements", "<size>", "\x00<size>", "image", "where only elements"},
		{"no-break space between elements", "<size>", "\u00a0<size>", "image", "where only elements"},
		{"text before the root", "<manifest>", "x<manifest>", "manifest", "where only elements"},
		{"text after the root", "</manifest>", "</manifest>x", "manifest", "followed by"},
		{"comment after the root", "</manifest>", "</manifest><!-- -->", "manifest", "followed by"},
		{"NUL after the root", "</manifest>", "</manifest>\x00", "manifest", "followed by"},
		{"other root", "<manifest>", "<html>", "manifest", "root element"},
		{"closing root", "<manifest>", "</manifest>", "manifest", "root element"},
		{"comment", "<size>", "<!-- --><size>", "image", "comment"},
		{"comment in text", "<name>disk", "<name>di<!-- -->sk", "image/name", "comment"},
		{"CDATA", "<name>disk.img", "<name><![CDATA[disk.img]]>", "image/name", "CDATA"},
		{"processing instruction", "<size>", "<?php ?><size>", "image", "processing instruction"},
		{"declaration inside", "<size>", "<?xml version='1.0'?><size>", "image", "processing instruction"},
		{"document type", "<manifest>", "<!DOCTYPE manifest><manifest>", "manifest", "document type"},

		{"byte order mark", "<?xml", "\ufeff<?xml", "manifest", "byte order mark"},
		{"space before the declaration", "<?xml", " <?xml", "manifest", "processing instruction"},
		{"two declarations", "<manifest>", "<?xml version='1.0'?><manifest>", "manifest", "processing instruction"},
		{"XML 1.1", "<?xml version='1.0'?>", "<?xml version='1.1'?>", "manifest", "XML 1.0"},
		{"declaration without version", "<?xml version='1.0'?>", "<?xml encoding='UTF-8'?>", "manifest", "malformed"},
		{"declaration with mixed quotes", "<?xml version='1.0'?>", "<?xml version='1.0\"?>", "manifest", "malformed"},
		{"stylesheet first", "<?xml version='1.0'?>", "<?xml-stylesheet href='x'?>", "manifest", "malformed"},
		{"Latin 1", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='ISO-8859-1'?>", "manifest", "encoding"},
		{"UTF-7", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='UTF-7'?>", "manifest", "encoding"},

		{"entity", "<name>disk", "<name>&disk;", "image/name", "entity"},
		{"bare ampersand", "<name>disk", "<name>a & b", "image/name", "begins no character reference"},
		{"ampersand at the end", "disk.img</name>", "disk.img&</name>", "image/name", "begins no character reference"},
		{"reference to NUL", "<name>disk", "<name>&#0;", "image/name", "control character"},
		{"reference to newline", "<name>disk", "<name>&#10;", "image/name", "control character"},
		{"reference to a surrogate", "<name>disk", "<name>&#xD800;", "image/name", "no character"},
		{"reference beyond Unicode", "<name>disk", "<name>&#x110000;", "image/name", "no character"},
		{"reference to U+FFFE", "<name>disk", "<name>&#xFFFE;", "image/name", "no character"},
		{"reference with a sign", "<name>disk", "<name>&#+65;", "image/name", "entity"},
		{"endless reference", "<name>disk", "<name>&#00000000000000000065;", "image/name", "begins no character reference"},
		{"not UTF-8", "<name>disk", "<name>\xff", "image/name", "not UTF-8"},
		{"surrogate in UTF-8", "<name>disk", "<name>\xed\xa0\x80", "image/name", "not UTF-8"},
		{"newline in text", "<name>disk", "<name>\n", "image/name", "control character"},
		{"escape in text", "<name>amiforge", "<name>\x1b[2J", "bundler/name", "control character"},
		{"C1 control in text", "<name>amiforge", "<name>\u009b2J", "bundler/name", "control character"},
		{"CDATA end in text", "<name>disk", "<name>]]>", "image/name", "]]>"},
		{"long text", "<name>amiforge", "<name>" + strings.Repeat("a", maxText+1), "bundler/name", "at most 4096"},

		{"version with space", "2007-10-10", " 2007-10-10", "version", "unknown"},
		{"version without dashes", "2007-10-10", "20071010", "version", "unknown"},
		{"newer version", "2007-10-10", "2099-01-01", "version", "too new"},
		{"older version", "2007-10-10", "2", "version", "too old"},
		{"other version", "2007-10-10", "2006-03-01", "version", "unknown"},
		{"words for a version", "2007-10-10", "latest", "version", "unknown"},
		{"version 3 with machine", "2007-10-10", "3", "machine_configuration", "version 3"},
		{"version 2007-08-29 with kernel", "2007-10-10", "2007-08-29", "machine_configuration/block_device_mapping", "version 2007-08-29"},

		{"architecture with space", "x86_64", "x86 64", "machine_configuration/architecture", "word"},
		{"empty architecture", "x86_64", "", "machine_configuration/architecture", "word"},
		{"long architecture", "x86_64", strings.Repeat("a", 33), "machine_configuration/architecture", "word"},
		{"mapping twice", "<virtual>root<", "<virtual>ami<", "machine_configuration/block_device_mapping/mapping[2]/virtual", "before"},
		{"mapping without device", "<device>sdb</device>", "", "machine_configuration/block_device_mapping/mapping[1]/device", "missing"},
		{"mapping to nothing", "<device>sdb</device>", "<device/>", "machine_configuration/block_device_mapping/mapping[1]/device", "empty"},
		{"empty product code", ">A1<", "><", "machine_configuration/product_codes/product_code[0]", "empty"},
		{"empty ancestor", ">ami-22222222<", "><", "image/ancestry/ancestor_ami_id[1]", "empty"},

		{"user too short", "123456789012", "12345678901", "image/user", "12 digits"},
		{"user of 16 digits", "123456789012", "1234567890123456", "image/user", "12 digits"},
		{"user in other digits", "123456789012", "12345678901٣", "image/user", "12 digits"},
		{"type", ">kernel<", ">volume<", "image/type", "machine, kernel or ramdisk"},
		{"digest algorithm", "<digest algorithm='SHA1'>0102", "<digest algorithm='MD5'>0102", "image/digest/@algorithm", "SHA1"},
		{"digest attribute", "<digest algorithm='SHA1'>0102", "<digest alg='SHA1'>0102", "image/digest", "unknown attribute"},
		{"digest is short", "<digest algorithm='SHA1'>0102", "<digest algorithm='SHA1'>", "image/digest", "40"},
		{"digest is not hex", "<digest algorithm='SHA1'>0102", "<digest algorithm='SHA1'>0x02", "image/digest", "40"},
		{"digest in upper case", "<digest algorithm='SHA1'>0102", "<digest algorithm='SHA1'>AB02", "image/digest", "lower-case"},
		{"digest of zeros", "01020300000000000000000000000000000000" + "00", zeros, "image/digest", "zeros"},
		{"size of zero", "1099511627776", "0", "image/size", "at least"},
		{"size with leading zero", "1099511627776", "01", "image/size", "decimal"},
		{"size with space", "1099511627776", " 1", "image/size", "decimal"},
		{"size in hex", "1099511627776", "0x10", "image/size", "decimal"},
		{"size with exponent", "1099511627776", "1e6", "image/size", "decimal"},
		{"size with underscore", "1099511627776", "1_0", "image/size", "decimal"},
		{"size with fraction", "1099511627776", "1.0", "image/size", "decimal"},
		{"size is minus zero", "1099511627776", "-0", "image/size", "decimal"},
		{"size is empty", "1099511627776", "", "image/size", "decimal"},
		{"size beyond int64", "1099511627776", "99999999999999999999", "image/size", "out of range"},
		{"bundled size below int64", ">32<", ">-99999999999999999999<", "image/bundled_size", "out of range"},
		{"negative bundled size", ">32<", ">-32<", "image/bundled_size", "decimal"},
		{"cipher", "<ec2_encrypted_key algorithm='AES-128-CBC'>", "<ec2_encrypted_key algorithm='AES-256-CBC'>", "image/ec2_encrypted_key/@algorithm", "AES-128-CBC"},
		{"key of odd length", ">02</user_encrypted_key>", ">020</user_encrypted_key>", "image/user_encrypted_key", "even number"},
		{"key in upper case", ">02</user_encrypted_key>", ">0A</user_encrypted_key>", "image/user_encrypted_key", "lower-case"},
		{"endless key", ">02</user_encrypted_key>", ">" + strings.Repeat("02", 2049) + "</user_encrypted_key>", "image/user_encrypted_key", "at most"},
		{"empty owner key", ">02</user_encrypted_key>", "></user_encrypted_key>", "image/user_encrypted_key", "empty"},
		{"empty owner IV", ">04</user_encrypted_iv>", "></user_encrypted_iv>", "image/user_encrypted_iv", "empty"},
		{"empty service key", ">01</ec2_encrypted_key>", "></ec2_encrypted_key>", "image/ec2_encrypted_key", "empty"},
		{"empty service IV", ">03</ec2_encrypted_iv>", "></ec2_encrypted_iv>", "image/ec2_encrypted_iv", "empty"},
		{"signature is no hex", "<signature>", "<signature>unsigned", "signature", "hexadecimal"},

		{"count is missing", "<parts count='2'>", "<parts>", "image/parts/@count", "missing"},
		{"other attribute for count", "<parts count='2'>", "<parts size='2'>", "image/parts", "unknown attribute"},
		{"huge count", "<parts count='2'>", "<parts count='2000000000'>", "image/parts/@count", "there are 2"},
		{"huge index", "index='1'", "index='1000000000'", "image/parts/part[1]/@index", "of only 2"},
		{"index is count", "index='1'", "index='2'", "image/parts/part[1]/@index", "of only 2"},
		{"padded index", "index='1'", "index='01'", "image/parts/part[1]/@index", "decimal"},
		{"index twice", "index='1'", "index='0'", "image/parts/part[1]/@index", "before"},
		{"part is empty", part0, "<part index='0'/>" + part0, "image/parts/part[0]/filename", "missing"},
		{"name is the other's", "disk.img.part.01", "disk.img.part.00", "image/parts/part[1]/filename", "before"},
		{"name is empty", "disk.img.part.01", "", "image/parts/part[1]/filename", "empty"},
		{"name escapes", "disk.img.part.01", "&#46;./x", "image/parts/part[1]/filename", "slash"},
		{"name escapes by reference", "disk.img.part.01", "..&#47;x", "image/parts/part[1]/filename", "slash"},
		{"image name escapes", "<name>disk.img<", "<name>/etc/passwd<", "image/name", "slash"},
	}
	good := string(signed(t, full()))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if n := strings.Count(good, tt.old); n == 0 {
				t.Fatalf("%q is not in the document", tt.old)
			}
			_, err := Parse([]byte(strings.Replace(good, tt.old, tt.new, 1)))
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Element != tt.element || !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("error is %v, want %s: … %s …", err, tt.element, tt.reason)
			}
		})
	}
}

func TestParseTruncated(t *testing.T) {
	good := signed(t, full())
	for n := range good {
		_, err := Parse(good[:n])
		if _, ok := errors.AsType[*Error](err); !ok {
			t.Fatalf("%d of %d bytes: error is %v", n, len(good), err)
		}
	}
	for _, n := range []int{0, len("<?xml version='1.0'?>"), len(good) - 1, len(good) - len("</manifest>")} {
		if _, err := Parse(good[:n]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes: error is %v, want io.ErrUnexpectedEOF", n, err)
		}
	}
}

func TestParseNothingToRead(t *testing.T) {
	good := string(signed(t, full()))
	from, to := strings.Index(good, "<part index"), strings.Index(good, "</parts>")
	noParts := strings.Replace(good[:from]+good[to:], "count='2'", "count='0'", 1)
	tests := []struct {
		name     string
		document []byte
		element  string
	}{
		{"too long", bytes.Repeat([]byte{' '}, MaxSize+1), "manifest"},
		{"white space", []byte(" \n"), "manifest"},
		{"encrypted", read(t, "legacy", "v3", "tiny.img.manifest.xml.encrypted"), "manifest"},
		{"no parts", []byte(noParts), "image/parts"},
		{"empty root", []byte("<manifest/>"), "version"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.document)
			if e, ok := errors.AsType[*Error](err); !ok || e.Element != tt.element {
				t.Errorf("error is %v, want one of element %s", err, tt.element)
			}
		})
	}
}
