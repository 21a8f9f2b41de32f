package miniotest

import (
	"net/http"
	"strings"
	"testing"
)

func TestMain(m *testing.M) { Main(m) }

func TestStart(t *testing.T) {
	s := Start(t)
	bucket := s.NewBucket(t)
	if _, err := s.call(t.Context(), http.MethodGet, "/"+bucket, "s3", ""); err != nil {
		t.Error(err)
	}
	if other := s.NewBucket(t); other == bucket {
		t.Errorf("second bucket has the same name %s", other)
	}
}

func TestSessionIsDenied(t *testing.T) {
	s := Start(t)
	denied := s.Session(t, NoAccess)
	if denied.AccessKey == s.AccessKey || denied.Token == "" {
		t.Errorf("session has the owner's key %q, or no token", denied.AccessKey)
	}
	for _, kv := range denied.Env() {
		if strings.Contains(kv, s.SecretKey) {
			t.Errorf("the owner's secret is in the session's %s", kv)
		}
	}
}

func TestGivenWantsCredentials(t *testing.T) {
	t.Setenv(endpointVar, "http://127.0.0.1:1")
	t.Setenv(secretVar, "")
	if _, err := given(); err == nil || !strings.Contains(err.Error(), secretVar) {
		t.Errorf("given() = %v, want an error that names %s", err, secretVar)
	}
}

func TestPinned(t *testing.T) {
	module, err := moduleDir()
	if err != nil {
		t.Fatal(err)
	}
	version, err := pinned(module)
	if err != nil || !strings.HasPrefix(version, "v0.0.0-") {
		t.Errorf("pinned() = %q, %v", version, err)
	}
}

func TestUploads(t *testing.T) {
	s := Start(t)
	bucket := s.NewBucket(t)
	if ids := s.Uploads(t, bucket, "exports/disk.vmdk"); len(ids) > 0 {
		t.Errorf("an empty bucket has the uploads %q", ids)
	}
	if _, err := s.call(t.Context(), http.MethodPost, "/"+bucket+"/exports/disk.vmdk?uploads=", "s3", ""); err != nil {
		t.Fatal(err)
	}
	if ids := s.Uploads(t, bucket, "exports/disk.vmdk"); len(ids) != 1 || ids[0] == "" {
		t.Errorf("after one has begun the bucket has the uploads %q", ids)
	}
}
