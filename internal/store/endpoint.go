package store

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7/pkg/s3utils"
)

// awsEndpoint stands for all of AWS: minio-go finds the host for the region.
const awsEndpoint = "https://s3.amazonaws.com"

// Server returns the URL of the service that buckets are at, as far as the configuration tells servers apart.
func (c Config) Server() (string, error) {
	c = c.withDefaults()
	p, err := c.profile()
	if err != nil {
		return "", err
	}
	u, err := c.endpoint(p)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

// endpoint returns the URL of the service. Its path is empty.
func (c Config) endpoint(p profile) (*url.URL, error) {
	s := c.Endpoint
	if s == "" && !strings.EqualFold(c.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true") {
		s = firstSet(c.Getenv("AWS_ENDPOINT_URL_S3"), c.Getenv("AWS_ENDPOINT_URL"), p.endpoint())
	}
	if s == "" {
		s = awsEndpoint
	}
	return parseEndpoint(s)
}

// parseEndpoint reads scheme://host:port; a missing scheme is https, or http for a loopback host. The error
// does not repeat the URL, which may hold a password.
func parseEndpoint(s string) (*url.URL, error) {
	if !strings.Contains(s, "://") {
		s = defaultScheme(s) + "://" + s
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, fmt.Errorf("endpoint URL: want https://host:port")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("endpoint URL: scheme %q is not http or https", u.Scheme)
	case u.User != nil:
		return nil, fmt.Errorf("endpoint URL of %s: has a user in it; credentials stand in the environment", u.Host)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("endpoint URL of %s: has a path, want %s://%s only", u.Host, u.Scheme, u.Host)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

func defaultScheme(hostport string) string {
	host, _, err := net.SplitHostPort(strings.TrimSuffix(hostport, "/"))
	if err != nil {
		host = strings.Trim(strings.TrimSuffix(hostport, "/"), "[]")
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return "http"
	}
	return "https"
}

// region returns the region to sign for.
func (c Config) region(p profile, endpoint *url.URL) string {
	return firstSet(c.Region, c.Getenv("AWS_REGION"), c.Getenv("AWS_DEFAULT_REGION"), p.get("region"),
		s3utils.GetRegionFromURL(*endpoint), "us-east-1")
}

func firstSet(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
