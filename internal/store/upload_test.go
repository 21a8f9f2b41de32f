package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"amiforge/internal/miniotest"
	"amiforge/internal/store"
)

const mib = 1 << 20

// noise returns n bytes that differ from part to part.
func noise(n int) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)}).Read(p)
	return p
}

// upload begins the object disk.vhd.
func upload(t testing.TB, ctx context.Context, loc store.Location, cfg store.Config, opts store.UploadOptions) *store.Upload {
	t.Helper()
	u, err := store.NewUpload(ctx, loc, "disk.vhd", cfg, &opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := u.Close(); err != nil {
			t.Error(err)
		}
	})
	return u
}

// write writes content in steps of an odd length: what is behind the head, then the head from its end on.
func write(u *store.Upload, content []byte, head int) error {
	const step = 700_001
	for off := head; off < len(content); off += step {
		if err := writeRun(u, content[off:min(off+step, len(content))], off); err != nil {
			return err
		}
	}
	for end := head; end > 0; end = max(0, end-step) {
		off := max(0, end-step)
		if err := writeRun(u, content[off:end], off); err != nil {
			return err
		}
	}
	return nil
}

func writeRun(u *store.Upload, p []byte, off int) error {
	if len(bytes.TrimLeft(p, "\x00")) == 0 {
		return u.Zero(int64(off), int64(len(p)))
	}
	n, err := u.WriteAt(p, int64(off))
	if err == nil && n != len(p) {
		return fmt.Errorf("wrote %d bytes of %d", n, len(p))
	}
	return err
}

func send(u *store.Upload, content []byte, head int) error {
	if err := write(u, content, head); err != nil {
		return err
	}
	return u.Commit()
}

// expect checks that disk.vhd is content, or, if that is nil, that it is not there; and that no upload is left.
func expect(t *testing.T, loc store.Location, cfg store.Config, content []byte) {
	t.Helper()
	got, err := tryRead(context.Background(), open(t, loc, cfg), "disk.vhd")
	switch {
	case content == nil && !errors.Is(err, fs.ErrNotExist):
		t.Errorf("read %d bytes, %v; want no object", len(got), err)
	case content != nil && (err != nil || !bytes.Equal(got, content)):
		t.Errorf("read %d bytes, %v; want %d others", len(got), err, len(content))
	}
	if ids := uploads(t, loc); len(ids) > 0 {
		t.Errorf("uploads are left: %q", ids)
	}
}

// core returns a client of the test's own, that does not pass by a fault proxy.
func core(t testing.TB) *minio.Core {
	t.Helper()
	s := miniotest.Start(t)
	c, err := minio.NewCore(strings.TrimPrefix(s.Endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// uploads returns the IDs of the incomplete uploads of disk.vhd. MinIO lists them by the whole key only.
func uploads(t testing.TB, loc store.Location) (ids []string) {
	t.Helper()
	key := strings.TrimPrefix(loc.Prefix+"/disk.vhd", "/")
	found, err := core(t).ListMultipartUploads(context.Background(), loc.Bucket, key, "", "", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range found.Uploads {
		ids = append(ids, u.UploadID)
	}
	return ids
}

func TestUploadSizes(t *testing.T) {
	sizes := []int{0, 1, 5*mib - 1, 5 * mib, 5*mib + 1, 8*mib - 1, 8 * mib, 8*mib + 1, 13*mib + 1, 20*mib + 12345}
	heads := []int{0, 1536 + 512, 6 * mib, 20 * mib}
	loc, cfg := bucket(t)
	for _, size := range sizes {
		for _, head := range heads {
			for _, known := range []bool{false, true} {
				if head > size || known && size > 9*mib && head != 6*mib {
					continue
				}
				t.Run(fmt.Sprintf("%d/%d/%v", size, head, known), func(t *testing.T) {
					content, opts := noise(size), store.UploadOptions{Size: -1, Head: int64(head), Replace: true}
					if known {
						opts.Size = int64(size)
					}
					if head == 20*mib { // mostly zeros
						clear(content[4096 : head-512])
					}
					u := upload(t, t.Context(), loc, cfg, opts)
					if err := send(u, content, head); err != nil {
						t.Fatal(err)
					}
					expect(t, loc, cfg, content)
				})
			}
		}
	}
}

// A disk of zeros, with little in it, is sent without memory for the zeros.
func TestUploadOfZeros(t *testing.T) {
	loc, cfg := bucket(t)
	content := make([]byte, 50*mib+777)
	copy(content[30*mib-3:], "data")
	copy(content[50*mib:], "the end")
	u := upload(t, t.Context(), loc, cfg, store.UploadOptions{Size: -1, Head: 100})
	for _, err := range []error{
		u.Zero(100, 30*mib-103), writeRun(u, []byte("data"), 30*mib-3), u.Zero(30*mib+1, 20*mib-1),
		writeRun(u, []byte("the end"), 50*mib), u.Zero(50*mib+7, 770), u.Zero(0, 100), u.Commit(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	expect(t, loc, cfg, content)
}

// A head of 256 MiB of zeros and some data is one part, and the object has one more.
func TestUploadOfLongHead(t *testing.T) {
	const head = 256 * mib
	loc, cfg := bucket(t)
	u := upload(t, t.Context(), loc, cfg, store.UploadOptions{Size: -1, Head: head})
	for _, err := range []error{
		writeRun(u, []byte("behind"), head), u.Zero(10, head-10), writeRun(u, []byte("0123456789"), 0), u.Commit(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, loc, cfg)
	o, err := s.Stat(t.Context(), "disk.vhd")
	if err != nil || o.Size != head+6 {
		t.Errorf("Stat: %+v, %v", o, err)
	}
}

// However long the object is, memory holds the parts under way, the one being filled and the first.
func TestUploadMemory(t *testing.T) {
	loc, cfg := bucket(t)
	u := upload(t, t.Context(), loc, cfg, store.UploadOptions{Size: -1, Head: 512})
	if err := send(u, noise(100*mib), 512); err != nil {
		t.Fatal(err)
	}
	if held := u.Memory(); held > (3+1)*8*mib+5*mib {
		t.Errorf("%d bytes were held", held)
	}
}

func TestUploadChecksumIsTold(t *testing.T) {
	loc, cfg := bucket(t)
	content := noise(20 * mib)
	u := upload(t, t.Context(), loc, cfg, store.UploadOptions{Size: -1, Head: 512, ContentType: "application/x-vhd"})
	if err := send(u, content, 512); err != nil {
		t.Fatal(err)
	}
	found, err := core(t).StatObject(t.Context(), loc.Bucket, loc.Prefix+"/disk.vhd", minio.StatObjectOptions{Checksum: true})
	if err != nil {
		t.Fatal(err)
	}
	want := minio.ChecksumCRC64NVME.EncodeToString(content)
	if found.ChecksumCRC64NVME != want || found.ChecksumMode != "FULL_OBJECT" || found.ContentType != "application/x-vhd" {
		t.Errorf("got %q %q %q, want %q FULL_OBJECT", found.ChecksumCRC64NVME, found.ChecksumMode, found.ContentType, want)
	}
	if want := loc.String() + "/disk.vhd"; u.String() != want {
		t.Errorf("String is %q, want %q", u, want)
	}
}

func TestUploadRefusesToReplace(t *testing.T) {
	loc, cfg := bucket(t)
	put(t, open(t, loc, cfg), "disk.vhd", part)
	_, err := store.NewUpload(t.Context(), loc, "disk.vhd", cfg, &store.UploadOptions{Size: -1})
	if want := loc.String() + "/disk.vhd already exists (--force replaces it)"; !errors.Is(err, fs.ErrExist) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	expect(t, loc, cfg, part)

	content := noise(6 * mib)
	if err := send(upload(t, t.Context(), loc, cfg, store.UploadOptions{Size: -1, Replace: true}), content, 0); err != nil {
		t.Fatal(err)
	}
	expect(t, loc, cfg, content)
}

// What appears while an upload is under way stays.
func TestUploadRefusesLate(t *testing.T) {
	loc, cfg := bucket(t)
	u := upload(t, t.Context(), loc, cfg, store.UploadOptions{Size: -1})
	if err := write(u, noise(9*mib), 0); err != nil {
		t.Fatal(err)
	}
	put(t, open(t, loc, cfg), "disk.vhd", part)
	err := u.Commit()
	if want := loc.String() + "/disk.vhd already exists (--force replaces it)"; !errors.Is(err, fs.ErrExist) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := u.Close(); err != nil {
		t.Error(err)
	}
	expect(t, loc, cfg, part)
}

func TestUploadIsNotCommitted(t *testing.T) {
	loc, cfg := bucket(t)
	for _, size := range []int{0, 1, 8*mib + 1, 30 * mib} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			u := upload(t, t.Context(), loc, cfg, store.UploadOptions{Size: -1, Head: 100})
			if err := write(u, noise(100+size), 100); err != nil {
				t.Fatal(err)
			}
			if err := u.Close(); err != nil {
				t.Error(err)
			}
			expect(t, loc, cfg, nil)
			if err := u.Close(); err != nil {
				t.Errorf("Close again: %v", err)
			}
			for _, err := range []error{u.Commit(), u.Zero(0, 1), writeRun(u, []byte{1}, 0)} {
				if !errors.Is(err, fs.ErrClosed) {
					t.Errorf("after Close: %v, want fs.ErrClosed", err)
				}
			}
		})
	}
}

func TestUploadIsOver(t *testing.T) {
	loc, cfg := bucket(t)
	u := upload(t, t.Context(), loc, cfg, store.UploadOptions{Size: 1})
	if err := send(u, []byte{1}, 0); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{u.Commit(), u.Zero(0, 1), writeRun(u, []byte{1}, 0)} {
		if !errors.Is(err, fs.ErrClosed) {
			t.Errorf("after Commit: %v, want fs.ErrClosed", err)
		}
	}
	if err := u.Close(); err != nil {
		t.Error(err)
	}
	expect(t, loc, cfg, []byte{1})
}

// A mistake of the caller ends the upload: there is no object that lacks something.
func TestUploadOutOfOrder(t *testing.T) {
	loc, cfg := bucket(t)
	tests := map[string]struct {
		opts store.UploadOptions
		do   func(u *store.Upload) error
	}{
		"gap":        {store.UploadOptions{Size: -1}, func(u *store.Upload) error { return u.Zero(20*mib+1, 5) }},
		"back":       {store.UploadOptions{Size: -1}, func(u *store.Upload) error { return writeRun(u, []byte{1}, 5*mib) }},
		"too long":   {store.UploadOptions{Size: 20 * mib}, func(u *store.Upload) error { return u.Zero(20*mib, 1) }},
		"too short":  {store.UploadOptions{Size: 20*mib + 1}, (*store.Upload).Commit},
		"no head":    {store.UploadOptions{Size: -1, Head: 4096}, (*store.Upload).Commit},
		"over limit": {store.UploadOptions{Size: -1, Limit: 20*mib + 5}, func(u *store.Upload) error { return u.Zero(20*mib, 6) }},
	}
	content := noise(20 * mib)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			u := upload(t, t.Context(), loc, cfg, test.opts)
			head := int(test.opts.Head)
			if err := writeRun(u, content[head:], head); err != nil {
				t.Fatal(err)
			}
			err := test.do(u)
			if !errors.Is(err, fs.ErrInvalid) || !strings.HasPrefix(err.Error(), u.String()+": put: ") {
				t.Errorf("got %v, want fs.ErrInvalid", err)
			}
			for _, again := range []error{u.Commit(), u.Zero(20*mib, 1)} {
				if again != err {
					t.Errorf("the next call returns %v", again)
				}
			}
			if err := u.Close(); err != nil {
				t.Error(err)
			}
			expect(t, loc, cfg, nil)
		})
	}
}

func TestUploadNeedsABucket(t *testing.T) {
	loc, cfg := bucket(t)
	if _, err := store.NewUpload(t.Context(), store.Location{Dir: "/tmp"}, "disk.vhd", cfg, nil); err == nil {
		t.Error("a directory is accepted")
	}
	for _, name := range []string{"", "a/b", "..", "a\x00b", strings.Repeat("x", 1025)} {
		if _, err := store.NewUpload(t.Context(), loc, name, cfg, nil); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("name %q: %v, want fs.ErrInvalid", name, err)
		}
	}
	loc.Bucket = "amiforge-there-is-none"
	for _, replace := range []bool{false, true} {
		_, err := store.NewUpload(t.Context(), loc, "disk.vhd", cfg, &store.UploadOptions{Size: -1, Replace: replace})
		if !errors.Is(err, store.ErrBucket) {
			t.Errorf("missing bucket: %v, want ErrBucket", err)
		}
	}
}

// Who may put but not read can replace, and is told at the start that nothing else is possible.
func TestUploadOfWriteOnlyUser(t *testing.T) {
	loc, cfg := bucket(t)
	session := miniotest.Start(t).Session(t, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
		"Action": ["s3:PutObject", "s3:AbortMultipartUpload"], "Resource": ["arn:aws:s3:::*"]}]}`)
	cfg.Getenv = getenv(session.Env())
	if _, err := store.NewUpload(t.Context(), loc, "disk.vhd", cfg, nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want fs.ErrPermission", err)
	}
	content := noise(9 * mib)
	if err := send(upload(t, t.Context(), loc, cfg, store.UploadOptions{Size: -1, Replace: true}), content, 0); err != nil {
		t.Fatal(err)
	}
	loc2, owner := loc, store.Config{Getenv: getenv(miniotest.Start(t).Env())}
	expect(t, loc2, owner, content)
}

func TestUploadOfReadOnlyUser(t *testing.T) {
	loc, cfg := bucket(t)
	owner := cfg
	cfg.Getenv = getenv(miniotest.Start(t).Session(t, miniotest.ReadOnly).Env())
	u := upload(t, t.Context(), loc, cfg, store.UploadOptions{Size: -1})
	if err := send(u, noise(30*mib), 0); !errors.Is(err, fs.ErrPermission) || !errors.Is(err, store.ErrBucket) {
		t.Errorf("got %v, want fs.ErrPermission and ErrBucket", err)
	}
	if err := u.Close(); err != nil {
		t.Error(err)
	}
	expect(t, loc, owner, nil)
}

// goroutines counts those that an upload started.
func goroutines(t *testing.T) int {
	t.Helper()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	n := 0
	for range 200 { // who has said that it is done may not have got away yet
		var b strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&b, 2); err != nil {
			t.Fatal(err)
		}
		n = strings.Count(b.String(), "store.(*Upload)") + strings.Count(b.String(), "store.(*multipart)")
		if n == 0 {
			break
		}
		<-poll.C
	}
	return n
}

func BenchmarkUpload(b *testing.B) {
	server := miniotest.Start(b)
	loc := store.Location{Bucket: server.NewBucket(b)}
	cfg := store.Config{Getenv: getenv(server.Env())}
	content := noise(256 * mib)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		u := upload(b, b.Context(), loc, cfg, store.UploadOptions{Size: -1, Head: 512, Replace: true})
		if err := send(u, content, 512); err != nil {
			b.Fatal(err)
		}
	}
}
