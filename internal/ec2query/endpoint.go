package ec2query

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// findEndpoint returns the URL to send requests to.
func findEndpoint(ctx context.Context, region, given string, cfg aws.Config) (string, error) {
	if given == "" {
		var err error
		if given, err = configured(ctx, cfg); err != nil {
			return "", err
		}
	}
	if given == "" {
		return regionEndpoint(region)
	}
	u, err := url.Parse(given)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("endpoint %q is not a URL with http:// or https://", given)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String(), nil
}

// configured returns the endpoint of the environment or the profile. That for EC2 wins over that for all services,
// unless only the latter is in the environment.
func configured(ctx context.Context, cfg aws.Config) (string, error) {
	if ignored(ctx, cfg) {
		return "", nil
	}
	all := aws.ToString(cfg.BaseEndpoint)
	if os.Getenv("AWS_ENDPOINT_URL") != "" && os.Getenv("AWS_ENDPOINT_URL_EC2") == "" {
		return all, nil
	}
	for _, source := range cfg.ConfigSources {
		s, ok := source.(interface {
			GetServiceBaseEndpoint(ctx context.Context, sdkID string) (string, bool, error)
		})
		if !ok {
			continue
		}
		if endpoint, found, err := s.GetServiceBaseEndpoint(ctx, "EC2"); err != nil || found {
			return endpoint, err
		}
	}
	return all, nil
}

// ignored reports whether AWS_IGNORE_CONFIGURED_ENDPOINT_URLS or the profile says to ask AWS itself.
func ignored(ctx context.Context, cfg aws.Config) bool {
	for _, source := range cfg.ConfigSources {
		s, ok := source.(interface {
			GetIgnoreConfiguredEndpoints(ctx context.Context) (value, found bool, err error)
		})
		if !ok {
			continue
		}
		if value, found, err := s.GetIgnoreConfiguredEndpoints(ctx); err == nil && found {
			return value
		}
	}
	return false
}

// regionEndpoint returns AWS's endpoint of a region. The region becomes part of a host's name.
func regionEndpoint(region string) (string, error) {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
	if region == "" {
		return "", errors.New("no region is given")
	}
	if strings.ContainsFunc(region, func(r rune) bool { return !strings.ContainsRune(letters, r) }) {
		return "", fmt.Errorf("region %q is not one of AWS", region)
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		domain = "amazonaws.com.cn"
	}
	return "https://ec2." + region + "." + domain + "/", nil
}
