package manifest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestWrapUnwrap(t *testing.T) {
	ck, err := NewContentKey(strings.NewReader("0123456789abcdefFEDCBA9876543210"))
	if err != nil {
		t.Fatal(err)
	}
	if string(ck.Key[:])+string(ck.IV[:]) != "0123456789abcdefFEDCBA9876543210" {
		t.Errorf("content key is %x %x", ck.Key[:], ck.IV[:])
	}
	small, owner, large := testKey(t, "user1024"), testKey(t, "user2048"), testKey(t, "user4096")
	service, wrong := testKey(t, "cloud"), testKey(t, "wrong")
	tests := []struct {
		name      string
		user, ec2 *rsa.PrivateKey
		opener    *rsa.PrivateKey
		want      Role
	}{
		{"owner", owner, service, owner, Owner},
		{"service", owner, service, service, Service},
		{"owner in both places", owner, owner, owner, Owner},
		{"owner of 1024 bits", small, service, small, Owner},
		{"service after an owner of 4096 bits", large, service, service, Service},
		{"neither", owner, service, wrong, ""},
		{"neither, other length", owner, service, small, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := full()
			if err := m.Wrap(ck, &tt.user.PublicKey, &tt.ec2.PublicKey); err != nil {
				t.Fatal(err)
			}
			got, by, err := m.Unwrap(tt.opener)
			if tt.want == "" {
				if !errors.Is(err, ErrKey) || got != (ContentKey{}) || by != "" {
					t.Errorf("unwrapped by %q, error %v", by, err)
				}
				return
			}
			if err != nil || got != ck || by != tt.want {
				t.Errorf("unwrapped by %q, error %v; want %q", by, err, tt.want)
			}
		})
	}
}

// A place without a key stays as it is, and each is opened by its own key alone.
func TestWrapOnePlace(t *testing.T) {
	owner, service, heir := testKey(t, "user2048"), testKey(t, "cloud"), testKey(t, "user4096")
	ck := ContentKey{Key: [16]byte{1}, IV: [16]byte{2}}
	tests := []struct {
		name      string
		user, ec2 *rsa.PublicKey
		opens     map[*rsa.PrivateKey]Role
	}{
		{"neither", nil, nil, map[*rsa.PrivateKey]Role{owner: Owner, service: Service}},
		{"the owner's", &heir.PublicKey, nil, map[*rsa.PrivateKey]Role{heir: Owner, service: Service}},
		{"the service's", nil, &heir.PublicKey, map[*rsa.PrivateKey]Role{owner: Owner, heir: Service}},
		{"both", &heir.PublicKey, &owner.PublicKey, map[*rsa.PrivateKey]Role{heir: Owner, owner: Service}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := full()
			for _, keys := range [][2]*rsa.PublicKey{{&owner.PublicKey, &service.PublicKey}, {tt.user, tt.ec2}} {
				if err := m.Wrap(ck, keys[0], keys[1]); err != nil {
					t.Fatal(err)
				}
			}
			for _, key := range []*rsa.PrivateKey{owner, service, heir} {
				for _, role := range []Role{Owner, Service} {
					if got := m.Opens(key, role); got != (tt.opens[key] == role) {
						t.Errorf("key of %d bits opens as %s: %t", key.N.BitLen(), role, got)
					}
				}
				if got, by, _ := m.Unwrap(key); by != tt.opens[key] || by != "" && got != ck {
					t.Errorf("key of %d bits unwraps as %q", key.N.BitLen(), by)
				}
			}
		})
	}
}

func TestUnwrapRefuses(t *testing.T) {
	key := testKey(t, "user1024")
	seal := func(text string) []byte {
		sealed, err := rsaEncrypt(&key.PublicKey, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	good := seal("00112233445566778899aabbccddeeff")
	tests := []struct {
		name    string
		key, iv []byte
		want    string
	}{
		{"upper case is taken", seal("00112233445566778899AABBCCDDEEFF"), good, ""},
		{"raw bytes", seal("0123456789abcdef"), good, "user_encrypted_key: holds 16 bytes"},
		{"a command", good, seal("00112233445566778899aabbccddee;x"), "user_encrypted_iv: holds something else"},
		{"31 digits", good, seal("00112233445566778899aabbccddeef"), "user_encrypted_iv: holds 31 bytes"},
		{"nothing", seal(""), good, "user_encrypted_key: holds 0 bytes"},
		{"empty", nil, good, "user_encrypted_key: is empty"},
		{"too short", good[1:], good, "made for a key of 1016 bits, this one has 1024"},
		{"not sealed", bytes.Repeat([]byte{1}, 128), good, "made for another key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := full()
			m.Image.UserKey, m.Image.UserIV = tt.key, tt.iv
			_, _, err := m.Unwrap(key)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want … %s …", err, tt.want)
			}
		})
	}
}

func TestWrapRefuses(t *testing.T) {
	good := &testKey(t, "user1024").PublicKey
	tiny := &rsa.PublicKey{N: good.N, E: 1}
	for _, keys := range [][2]*rsa.PublicKey{{tiny, good}, {good, tiny}} {
		m := full()
		if err := m.Wrap(ContentKey{}, keys[0], keys[1]); err == nil {
			t.Error("an impossible public key is accepted")
		}
		equal(t, m, full())
	}
}

func TestNewContentKey(t *testing.T) {
	if _, err := NewContentKey(strings.NewReader("too short")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("short: error is %v", err)
	}
	if _, err := NewContentKey(iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("broken: error is %v", err)
	}
}

func TestContentKeyIsNotPrinted(t *testing.T) {
	ck := ContentKey{Key: [16]byte{0xab, 0xcd}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		for _, v := range []any{ck, &ck, struct{ CK ContentKey }{ck}} {
			text := strings.ToLower(fmt.Sprintf(verb, v))
			if strings.Contains(text, "ab") || strings.Contains(text, "171") {
				t.Errorf("%s of %T is %s", verb, v, text)
			}
		}
	}
}

func TestDecrypt(t *testing.T) {
	want := read(t, "legacy", "v3", "tiny.img.manifest.xml")
	sealed := read(t, "legacy", "v3", "tiny.img.manifest.xml.encrypted")
	if IsEncrypted(want) || IsEncrypted(nil) || !IsEncrypted(sealed) {
		t.Error("IsEncrypted is wrong")
	}
	got, err := Decrypt(sealed, testKey(t, "user2048"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

// encrypt encrypts text, which must be whole blocks with the padding, as Decrypt reads it.
func encrypt(tb testing.TB, key *rsa.PrivateKey, secret, text string) []byte {
	tb.Helper()
	sealed, err := rsaEncrypt(&key.PublicKey, []byte(secret))
	if err != nil {
		tb.Fatal(err)
	}
	block, err := aes.NewCipher([]byte("0123456789abcdef"))
	if err != nil {
		tb.Fatal(err)
	}
	body := make([]byte, len(text))
	cipher.NewCBCEncrypter(block, []byte("fedcba9876543210")).CryptBlocks(body, []byte(text))
	return join([]byte{scheme2}, binary.BigEndian.AppendUint16(nil, uint16(len(sealed))), sealed, body)
}

func TestDecryptRefuses(t *testing.T) {
	const secret = "0123456789abcdeffedcba9876543210"
	key := testKey(t, "user1024")
	good := encrypt(t, key, secret, "<manifest/>\x05\x05\x05\x05\x05")
	if text, err := Decrypt(good, key); err != nil || string(text) != "<manifest/>" {
		t.Fatalf("good one: %q, error %v", text, err)
	}
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "unexpected EOF"},
		{"scheme 1", join([]byte{1}, good[1:]), "scheme is 0x1"},
		{"XML", []byte("<?xml"), "scheme is 0x3c"},
		{"header only", good[:3], "unexpected EOF"},
		{"no text", good[:3+128], "0 bytes long"},
		{"part of a block", good[:len(good)-1], "whole blocks"},
		{"other key", encrypt(t, testKey(t, "wrong"), secret, strings.Repeat("\x10", 16)), ErrKey.Error()},
		{"key without IV", encrypt(t, key, secret[:16], strings.Repeat("\x10", 16)), "16 bytes long"},
		{"padding of 0", encrypt(t, key, secret, strings.Repeat("\x00", 16)), "padding"},
		{"padding of 17", encrypt(t, key, secret, strings.Repeat("\x11", 32)), "padding"},
		{"uneven padding", encrypt(t, key, secret, "<manifest/>\x05\x05\x04\x05\x05"), "padding"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, err := Decrypt(tt.data, key)
			if err == nil || text != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want … %s …", err, tt.want)
			}
		})
	}
}
