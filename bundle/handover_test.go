package bundle

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiforge/manifest"
)

// heirs are the keys of a hand-over: from the owner of the vectors to another one.
func heirs(t testing.TB) (heir, service *rsa.PrivateKey) {
	return vectorKey(t, "user4096"), vectorKey(t, "cloud")
}

// openAs opens a bundle with a key. If signer is nil, the key's own signature is expected.
func openAs(t testing.TB, st Store, name string, key *rsa.PrivateKey, signer *rsa.PublicKey) *Bundle {
	t.Helper()
	b, err := Open(t.Context(), st, name, &OpenOptions{Key: key, Signer: signer})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func handOver(t testing.TB, b *Bundle, o *HandoverOptions) *Handover {
	t.Helper()
	h, err := b.HandOver(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// What the old tools made is another owner's afterwards: theirs and the service's keys open it, the old owner's does
// not, and the image is the same.
func TestHandOverForeign(t *testing.T) {
	heir, service := heirs(t)
	for _, row := range vectorIndex(t) {
		t.Run(row["dir"], func(t *testing.T) {
			key, src := vectorKey(t, row["key"]), openDir(t, filepath.Join(vectors, row["dir"]))
			b, dst := openAs(t, src, row["manifest"], key, nil), newMemStore()
			h := handOver(t, b, &HandoverOptions{
				User: "210987654321", Owner: &heir.PublicKey, EC2: &service.PublicKey, Signer: key,
				KernelID: "aki-00000001", RamdiskID: "ari-00000002", Architecture: "i386",
			})
			if _, err := b.Copy(t.Context(), dst, doc, &CopyOptions{Handover: h}); err != nil {
				t.Fatal(err)
			}
			for _, k := range []*rsa.PrivateKey{heir, service} {
				restored, err := extractFile(t, openAs(t, dst, doc, k, &key.PublicKey))
				if err != nil {
					t.Fatal(err)
				}
				if got := sha256File(t, restored); got != row["image_sha256"] {
					t.Errorf("sha256 of the image is %s, want %s", got, row["image_sha256"])
				}
			}
			if _, err := Open(t.Context(), dst, doc, &OpenOptions{Key: key}); !errors.Is(err, manifest.ErrKey) {
				t.Errorf("with the old owner's key: %v, want ErrKey", err)
			}
			wantHandedOver(t, openAs(t, dst, doc, heir, &key.PublicKey).Manifest, b.Manifest)
		})
	}
}

// wantHandedOver wants of the new manifest what TestHandOverForeign asked for, and all else as it was.
func wantHandedOver(t *testing.T, got, was *manifest.Manifest) {
	t.Helper()
	want := *was
	want.Version, want.Image.User = manifest.Version, "210987654321"
	want.Machine.KernelID, want.Machine.RamdiskID = "aki-00000001", "ari-00000002"
	if was.Version == "3" {
		want.Image.Type, want.Machine.Architecture = "machine", "i386"
	}
	plain := func(m *manifest.Manifest) manifest.Manifest {
		im := m.Image
		im.EC2Key, im.UserKey, im.EC2IV, im.UserIV = nil, nil, nil, nil
		return manifest.Manifest{Version: m.Version, Bundler: m.Bundler, Machine: m.Machine, Image: im}
	}
	if diff := cmp.Diff(plain(&want), plain(got), cmp.AllowUnexported(manifest.Manifest{})); diff != "" {
		t.Errorf("the manifest differs (-want +got):\n%s", diff)
	}
}

// openssl unwraps with the new owner's and the service's key what the vectors' makers say was wrapped for the old
// ones, and verifies the signature.
func TestHandOverOpenSSL(t *testing.T) {
	heir, service := heirs(t)
	for _, row := range vectorIndex(t) {
		t.Run(row["dir"], func(t *testing.T) {
			key := vectorKey(t, row["key"])
			b := openAs(t, openDir(t, filepath.Join(vectors, row["dir"])), row["manifest"], key, nil)
			h := handOver(t, b, &HandoverOptions{Owner: &heir.PublicKey, EC2: &service.PublicKey, Signer: key, Architecture: "i386"})
			im := h.Manifest.Image
			for _, tt := range []struct {
				key    string
				sealed []byte
				want   string
			}{
				{"user4096", im.UserKey, row["aes_key"]},
				{"user4096", im.UserIV, row["aes_iv"]},
				{"cloud", im.EC2Key, row["aes_key"]},
				{"cloud", im.EC2IV, row["aes_iv"]},
			} {
				file := filepath.Join(vectors, "keys", tt.key+"-key.pem")
				if got := pipe(t, tt.sealed, "openssl", "pkeyutl", "-decrypt", "-inkey", file); string(got) != tt.want {
					t.Errorf("%s opens %q, want %s", tt.key, got, tt.want)
				}
			}
		})
	}
}

// Who can open a bundle once its owner's place is another's.
func TestHandOverService(t *testing.T) {
	owner, wrong := vectorKey(t, "user2048"), vectorKey(t, "wrong")
	heir, service := heirs(t)
	tests := []struct {
		name        string
		was, opener *rsa.PrivateKey // in the service's place; who hands over
		options     HandoverOptions
		opens       []*rsa.PrivateKey // in the owner's place, in the service's
	}{
		{"for both", service, owner, HandoverOptions{Owner: &heir.PublicKey, EC2: &wrong.PublicKey}, []*rsa.PrivateKey{heir, wrong}},
		{"the service stays", service, owner, HandoverOptions{Owner: &heir.PublicKey}, []*rsa.PrivateKey{heir, service}},
		{"the owner does not", owner, owner, HandoverOptions{Owner: &heir.PublicKey}, []*rsa.PrivateKey{heir, heir}},
		{"by the service", service, service, HandoverOptions{Owner: &heir.PublicKey}, []*rsa.PrivateKey{heir, service}},
		{"another service", owner, owner, HandoverOptions{EC2: &service.PublicKey}, []*rsa.PrivateKey{owner, service}},
		{"nobody new", owner, owner, HandoverOptions{KernelID: "aki-00000001"}, []*rsa.PrivateKey{owner, owner}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st, o := newMemStore(), testOptions()
			o.Key, o.EC2 = owner, &tt.was.PublicKey
			if _, err := Create(t.Context(), st, NewImage(bytes.NewReader(noise(9000, 1)), 9000, nil), o); err != nil {
				t.Fatal(err)
			}
			tt.options.Signer = owner
			h := handOver(t, openAs(t, st, doc, tt.opener, &owner.PublicKey), &tt.options)
			for i, role := range []manifest.Role{manifest.Owner, manifest.Service} {
				for _, key := range []*rsa.PrivateKey{owner, service, heir, wrong} {
					if got := h.Manifest.Opens(key, role); got != (key == tt.opens[i]) {
						t.Errorf("key of %d bits opens as %s: %t", key.N.BitLen(), role, got)
					}
				}
			}
		})
	}
}

func TestHandOverRefuses(t *testing.T) {
	heir, _ := heirs(t)
	key := vectorKey(t, "user2048")
	v3 := openDir(t, filepath.Join(vectors, "legacy/v3"))
	tests := []struct {
		name string
		key  *rsa.PrivateKey // that the bundle is opened with
		o    HandoverOptions
		want string
	}{
		{"closed", nil, HandoverOptions{Owner: &heir.PublicKey, Signer: key}, "without a private key"},
		{"no signer", key, HandoverOptions{Owner: &heir.PublicKey, Architecture: "i386"}, "a private key is needed to sign"},
		{"no architecture", key, HandoverOptions{Owner: &heir.PublicKey, Signer: key}, "machine_configuration/architecture: "},
		{"bad user", key, HandoverOptions{User: "me", Architecture: "i386", Signer: key}, "image/user: "},
		{"bad kernel", key, HandoverOptions{KernelID: "a\nb", Architecture: "i386", Signer: key}, "kernel_id: "},
		{"bad key", key, HandoverOptions{Owner: &rsa.PublicKey{N: key.N, E: 1}, Architecture: "i386", Signer: key}, "for the owner: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := openAs(t, v3, "tiny.img.manifest.xml", tt.key, nil)
			if h, err := b.HandOver(&tt.o); h != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want … %s …", err, tt.want)
			}
		})
	}
}

// A hostile bundle does not get any further by being handed over: either it is refused, or what comes out of it at
// the new owner's is what comes out of it here.
func TestHandOverHostile(t *testing.T) {
	heir, _ := heirs(t)
	key := vectorKey(t, "user2048")
	dirs, err := filepath.Glob(filepath.Join(vectors, "adversarial", "bundle-*"))
	if err != nil || len(dirs) == 0 {
		t.Fatal(dirs, err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			b, err := Open(t.Context(), openDir(t, dir), "x.img.manifest.xml", &OpenOptions{Key: key})
			if err != nil {
				t.Log(err)
				return
			}
			h, dst := handOver(t, b, &HandoverOptions{Owner: &heir.PublicKey, Signer: key}), newMemStore()
			if _, err := b.Copy(t.Context(), dst, doc, &CopyOptions{Handover: h}); err != nil {
				if !errors.Is(err, ErrDamaged) {
					t.Errorf("%v, want ErrDamaged", err)
				}
				return
			}
			size := b.Manifest.Image.Size
			want := b.Extract(t.Context(), &limitedTarget{size}, nil)
			got := openAs(t, dst, doc, heir, &key.PublicKey).Extract(t.Context(), &limitedTarget{size}, nil)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("extracting says %v, before %v", got, want)
			}
		})
	}
}

// inherited makes a bundle of n parts, opened, and the options of a hand-over.
func inherited(t testing.TB, n int) (*memStore, *Bundle, *HandoverOptions) {
	heir, _ := heirs(t)
	st := manyParts(t, n)
	return st, openMem(t, st), &HandoverOptions{User: "210987654321", Owner: &heir.PublicKey, Signer: testKey()}
}

// Wherever a run was cut off, the next one finishes its work, although it makes another manifest.
func TestHandOverResumes(t *testing.T) {
	boom := errors.New("boom")
	src, b, o := inherited(t, 5)
	for n := range 7 { // puts that go well
		dst := newMemStore()
		var puts atomic.Int64
		dst.hook = func(op, name string) error {
			if op == "put" {
				puts.Add(1)
			}
			if puts.Load() > int64(n) && (op == "put" || op == "list") {
				return boom
			}
			return nil
		}
		first := handOver(t, b, o)
		_, err := b.Copy(t.Context(), dst, doc, &CopyOptions{Handover: first})
		if (err == nil) != (n == 6) {
			t.Fatalf("%d puts go well: %v", n, err)
		}
		dst.hook = nil
		there := len(dst.names())
		second := handOver(t, b, o)
		done, err := b.Copy(t.Context(), dst, doc, &CopyOptions{Handover: second})
		if kept := min(there, 5); err != nil || done != (CopyResult{Sent: 5 - kept, Kept: kept}) {
			t.Errorf("after %d puts: %+v: %v", n, done, err)
		}
		want := src.clone()
		want.putRaw(doc, second.Document)
		if there == 6 {
			want.putRaw(doc, first.Document) // it may be known already
		}
		wantSame(t, dst, want)
	}
}

// Another run that is quicker with the manifest finds its own again.
func TestHandOverTwice(t *testing.T) {
	_, b, o := inherited(t, 3)
	dst, first, second := newMemStore(), handOver(t, b, o), handOver(t, b, o)
	dst.hook = func(op, name string) error {
		if op == "put" && name == "image.part.02" {
			dst.putRaw(doc, first.Document)
		}
		return nil
	}
	if _, err := b.Copy(t.Context(), dst, doc, &CopyOptions{Handover: second}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(dst.objects[doc], first.Document) {
		t.Error("its manifest was replaced")
	}
}

// Any other manifest is in the way.
func TestHandOverOther(t *testing.T) {
	src, b, o := inherited(t, 3)
	_, other, _ := inherited(t, 3)
	change := func(edit func(o *HandoverOptions)) []byte {
		changed := *o
		edit(&changed)
		return handOver(t, b, &changed).Document
	}
	tests := []struct {
		name  string
		there []byte
	}{
		{"the source's", src.objects[doc]},
		{"another user's", change(func(o *HandoverOptions) { o.User = "111122223333" })},
		{"another signer's", change(func(o *HandoverOptions) { o.Signer = vectorKey(t, "user2048") })},
		{"another kernel's", change(func(o *HandoverOptions) { o.KernelID = "aki-00000001" })},
		{"a key of another length", change(func(o *HandoverOptions) { o.Owner = &vectorKey(t, "user1024").PublicKey })},
		{"another bundle's", handOver(t, other, o).Document},
		{"nobody's", []byte("hello")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dst := newMemStore()
			dst.putRaw(doc, tt.there)
			opts := &CopyOptions{Handover: handOver(t, b, o)}
			if _, err := b.Copy(t.Context(), dst, doc, opts); !errors.Is(err, ErrExist) {
				t.Errorf("%v, want ErrExist", err)
			}
			wantNames(t, dst, doc)
			opts.Replace = true
			if _, err := b.Copy(t.Context(), dst, doc, opts); err != nil {
				t.Error(err)
			}
			if !bytes.Equal(dst.objects[doc], opts.Handover.Document) {
				t.Error("the manifest is not the one that was handed over")
			}
		})
	}
	opts := &CopyOptions{Handover: handOver(t, other, o)}
	dst := newMemStore()
	if _, err := b.Copy(t.Context(), dst, doc, opts); err == nil || !strings.Contains(err.Error(), "not one of the same parts") {
		t.Errorf("a manifest of other parts: %v", err)
	}
	wantNames(t, dst)
}

// An opened bundle is copied as it was opened, under the name that it is to have.
func TestBundleCopy(t *testing.T) {
	src := manyParts(t, 3)
	b, want := openMem(t, src), src.clone()
	src.putRaw(doc, []byte("changed meanwhile"))
	want.objects["other.manifest.xml"] = want.objects[doc]
	delete(want.objects, doc)
	dst := newMemStore()
	if _, err := b.Copy(t.Context(), dst, "other.manifest.xml", nil); err != nil {
		t.Error(err)
	}
	wantSame(t, dst, want)
	if _, err := b.Copy(t.Context(), newMemStore(), "image.part.01", nil); err == nil {
		t.Error("the manifest may take the name of a part")
	}
}

// Whether an error is the source's and for good.
func TestCopyDamaged(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name string
		edit func(t *testing.T, src, dst *memStore)
		want bool
	}{
		{"flipped", func(t *testing.T, src, _ *memStore) { flip(t, src, "image.part.03", 7) }, true},
		{"missing", func(_ *testing.T, src, _ *memStore) { delete(src.objects, "image.part.03") }, false},
		{"first missing", func(_ *testing.T, src, _ *memStore) { delete(src.objects, "image.part.00") }, false},
		{"too much", func(_ *testing.T, src, _ *memStore) {
			src.objects["image.part.04"] = append(src.objects["image.part.04"], 0)
		}, true},
		{"unreachable", func(_ *testing.T, src, _ *memStore) {
			src.hook = func(op, _ string) error { return broken }
		}, false},
		{"full", func(_ *testing.T, _, dst *memStore) {
			dst.hook = func(op, _ string) error { return map[string]error{"put": broken}[op] }
		}, false},
		{"garbled on its way", func(_ *testing.T, _, dst *memStore) {
			dst.hook = func(op, _ string) error { return map[string]error{"put": invalidf("bad digest")}[op] }
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src, dst := manyParts(t, 5), newMemStore()
			b := openMem(t, src)
			tt.edit(t, src, dst)
			if _, err := b.Copy(t.Context(), dst, doc, nil); err == nil || errors.Is(err, ErrDamaged) != tt.want {
				t.Errorf("damaged: %t, want %t: %v", !tt.want, tt.want, err)
			}
		})
	}
}

// CheckParts of a bundle misses nothing that would keep it from being read.
func TestBundleCheckParts(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path)
	if _, err := Copy(t.Context(), d, manyParts(t, 3), doc, nil); err != nil {
		t.Fatal(err)
	}
	b := openMem(t, d)
	if err := b.CheckParts(t.Context()); err != nil {
		t.Error(err)
	}
	t.Run("unreadable", func(t *testing.T) {
		if err := os.Chmod(filepath.Join(path, "image.part.01"), 0); err != nil {
			t.Fatal(err)
		}
		withoutRoot(t)
		if err := b.CheckParts(t.Context()); !errors.Is(err, fs.ErrPermission) || !isPartError(err, "image.part.01") {
			t.Errorf("%v, want fs.ErrPermission of image.part.01", err)
		}
	})
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.CheckParts(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}
