// Package miniotest gives tests a real MinIO server on loopback.
//
// The server is, in this order: the one at AMIFORGE_TEST_S3_ENDPOINT (its credentials in
// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY); the minio on PATH; the one pinned in server/go.mod, a
// nested module that keeps the main go.mod small. The last is built once into the user's cache directory,
// which takes about four minutes on two cores. There is no skipping: without a server the test fails.
//
// A package that uses the server in several tests shares one among them:
//
//	func TestMain(m *testing.M) { miniotest.Main(m) }
//
// A package without that gets one server for each call of Start, stopped with its test.
package miniotest
