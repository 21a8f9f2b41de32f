package ec2query

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

// Options are a client's. The zero value takes all from the environment and the profile.
type Options struct {
	Profile    string         // of AWS's files, before the keys in the environment; else AWS_PROFILE, after them
	UserAgent  string         // name/version; else Go's
	Endpoint   string         // a URL; else AWS_ENDPOINT_URL_EC2, AWS_ENDPOINT_URL, the profile's or AWS's own
	HTTPClient aws.HTTPClient // else AWS's default, with its time-outs
	Retryer    aws.RetryerV2  // else AWS's standard one
}

// A Client asks the EC2 endpoint of one region. It may be used by several goroutines at once.
//
// Refusals are of type *Error, and what keeps EC2 from being used at all is ErrAccess. What is temporary is tried
// again, but an action that is not idempotent only where it surely did not happen.
type Client struct {
	region      string
	endpoint    string
	agent       string
	http        aws.HTTPClient
	retryer     aws.RetryerV2
	credentials aws.CredentialsProvider
	signer      *v4.Signer
}

// NewClient returns a client for region, with credentials from AWS's usual chain. It sends nothing to EC2 yet.
func NewClient(ctx context.Context, region string, opts *Options) (*Client, error) {
	if opts == nil {
		opts = &Options{}
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region),
		config.WithSharedConfigProfile(opts.Profile), config.WithLogger(logging.Nop{})) // errors say it all
	if err != nil {
		return nil, fmt.Errorf("ec2: load the AWS configuration: %w", err)
	}
	endpoint, err := findEndpoint(ctx, region, opts.Endpoint, cfg)
	if err != nil {
		return nil, fmt.Errorf("ec2: %w", err)
	}
	c := &Client{region: region, endpoint: endpoint, agent: opts.UserAgent, http: opts.HTTPClient, retryer: opts.Retryer}
	c.credentials, c.signer = cfg.Credentials, v4.NewSigner()
	if c.http == nil {
		c.http = cmp.Or[aws.HTTPClient](cfg.HTTPClient, awshttp.NewBuildableClient())
	}
	if c.retryer == nil {
		c.retryer = newRetryer(cfg)
	}
	return c, nil
}

func newRetryer(cfg aws.Config) aws.RetryerV2 {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		if cfg.RetryMaxAttempts > 0 {
			o.MaxAttempts = cfg.RetryMaxAttempts
		}
	})
}

// call asks for action with in and returns the answer.
func call[Out any](ctx context.Context, c *Client, action string, in any) (*Out, error) {
	data, err := c.send(ctx, action, EncodeRequest(action, in))
	if err != nil {
		return nil, fmt.Errorf("ec2 %s: %w", action, err)
	}
	out := new(Out)
	if _, err := DecodeResponse(action, data, out); err != nil {
		return nil, fmt.Errorf("ec2: %w", err)
	}
	return out, nil
}

// attempt sends the request once.
func (c *Client) attempt(ctx context.Context, body []byte) ([]byte, error) {
	req, err := c.sign(ctx, body)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, unreachable(lost(err))
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, MaxResponseSize+1))
	switch {
	case err != nil:
		return nil, lost(err)
	case len(data) > MaxResponseSize:
		return nil, errors.New("the answer has more than 64 MiB")
	case resp.StatusCode != http.StatusOK:
		return nil, DecodeError(resp.StatusCode, data)
	}
	return data, nil
}

// sign returns a request with a signature of now (SigV4).
func (c *Client) sign(ctx context.Context, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	credentials, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return nil, accessError{fmt.Errorf("find AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE: %w", err)}
	}
	if c.agent != "" {
		req.Header.Set("User-Agent", c.agent)
	}
	sum := sha256.Sum256(body)
	err = c.signer.SignHTTP(ctx, credentials, req, hex.EncodeToString(sum[:]), "ec2", c.region, time.Now())
	return req, err
}
