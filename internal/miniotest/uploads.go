package miniotest

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"testing"
)

// Uploads returns the IDs of the multipart uploads of the object key that are neither complete nor aborted.
func (s *Server) Uploads(t testing.TB, bucket, key string) (ids []string) {
	t.Helper()
	query := url.Values{"uploads": {""}, "prefix": {key}} // MinIO takes the prefix for the whole key
	answer, err := s.call(t.Context(), http.MethodGet, "/"+bucket+"?"+query.Encode(), "s3", "")
	if err != nil {
		t.Fatalf("minio: list uploads: %v", err)
	}
	var list struct {
		Uploads []struct {
			ID string `xml:"UploadId"`
		} `xml:"Upload"`
	}
	if err := xml.Unmarshal(answer, &list); err != nil {
		t.Fatalf("minio: list uploads: %v", err)
	}
	for _, u := range list.Uploads {
		ids = append(ids, u.ID)
	}
	return ids
}
