package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// How long the providers on the network may take. The metadata service of an instance answers within
// milliseconds or, off AWS, never.
const (
	metadataTime = 2 * time.Second
	roleTime     = 15 * time.Second
)

// errNoCredentials tells what to set. Nothing is ever sent unsigned.
const errNoCredentials = credentialsError("no S3 credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, " +
	"or AWS_PROFILE to a profile in ~/.aws/credentials that has keys")

// A credentialsError keeps any bucket from being reached: it is ErrBucket.
type credentialsError string

func (e credentialsError) Error() string { return string(e) }

func (credentialsError) Is(target error) bool { return target == ErrBucket }

// credentials returns the first that is found in the order of the AWS tools: the environment, the profile,
// a web identity (EKS), the container (ECS), the instance (EC2).
func (c Config) credentials(ctx context.Context, p profile) (*credentials.Credentials, error) {
	sources := []func(profile) (credentials.Provider, time.Duration, error){c.fromEnv, fromSecrets, fromConfig, c.fromRole}
	if c.Profile != "" {
		sources = sources[1:]
	}
	for _, source := range sources {
		provider, limit, err := source(p)
		if err != nil {
			return nil, err
		}
		if provider == nil {
			continue
		}
		if creds, err := retrieve(ctx, provider, limit); creds != nil || err != nil {
			return creds, err
		}
	}
	return nil, errNoCredentials
}

// retrieve asks a provider. A nil result says that it has none.
func retrieve(ctx context.Context, provider credentials.Provider, limit time.Duration) (*credentials.Credentials, error) {
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	creds := credentials.New(&lasting{Provider: provider})
	value, err := creds.GetWithContext(&credentials.CredContext{Client: http.DefaultClient, Context: bounded})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	_, optional := provider.(*instance)
	if err != nil && !optional {
		return nil, fmt.Errorf("S3 credentials: %w", err)
	}
	if err != nil || value.AccessKeyID == "" || value.SecretAccessKey == "" {
		return nil, nil
	}
	return creds, nil
}

// A lasting provider says that keys without an expiry last. Without it minio-go reads the file again for
// every request.
type lasting struct {
	credentials.Provider
	forever bool
}

func (l *lasting) RetrieveWithCredContext(cc *credentials.CredContext) (credentials.Value, error) {
	value, err := l.Provider.RetrieveWithCredContext(cc)
	l.forever = err == nil && value.Expiration.IsZero()
	return value, err
}

func (l *lasting) IsExpired() bool { return !l.forever && l.Provider.IsExpired() }

// fromEnv takes the keys in the environment. Half a pair is a mistake to be told of.
func (c Config) fromEnv(profile) (credentials.Provider, time.Duration, error) {
	id, secret := c.Getenv("AWS_ACCESS_KEY_ID"), c.Getenv("AWS_SECRET_ACCESS_KEY")
	switch {
	case id == "" && secret == "":
		return nil, 0, nil
	case secret == "":
		return nil, 0, errors.New("S3 credentials: AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not")
	case id == "":
		return nil, 0, errors.New("S3 credentials: AWS_SECRET_ACCESS_KEY is set, AWS_ACCESS_KEY_ID is not")
	}
	return &credentials.Static{Value: credentials.Value{
		AccessKeyID: id, SecretAccessKey: secret, SessionToken: c.Getenv("AWS_SESSION_TOKEN"),
		SignerType: credentials.SignatureV4,
	}}, roleTime, nil
}

// fromSecrets takes the profile's keys in the credentials file, or runs its credential_process.
func fromSecrets(p profile) (credentials.Provider, time.Duration, error) {
	return fromFile(p, p.secretsPath)
}

// fromConfig does the same with the configuration file, where single sign-on is set up, too.
func fromConfig(p profile) (credentials.Provider, time.Duration, error) {
	provider, limit, err := fromFile(p, p.configPath)
	if err == nil && p.get("role_arn") != "" && p.get("aws_access_key_id") == "" {
		return nil, 0, fmt.Errorf("S3 credentials: profile %q assumes a role, which is not done here; "+
			"run: eval \"$(aws configure export-credentials --profile %s --format env)\"", p.name, p.name)
	}
	return provider, limit, err
}

func fromFile(p profile, path string) (credentials.Provider, time.Duration, error) {
	f, err := loadINI(path)
	if err != nil || !f.HasSection(p.name) && !f.HasSection("profile "+p.name) {
		return nil, 0, err
	}
	return &credentials.FileAWSCredentials{Filename: path, Profile: p.name}, roleTime, nil
}

// An instance is the metadata service of EC2. That it does not answer is no error: most machines have none.
type instance struct{ *credentials.IAM }

// fromRole asks AWS for the credentials of the role that this process has.
func (c Config) fromRole(profile) (credentials.Provider, time.Duration, error) {
	iam := &credentials.IAM{Region: firstSet(c.Region, c.Getenv("AWS_REGION"))}
	iam.EKSIdentity.TokenFile = c.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE")
	iam.EKSIdentity.RoleARN = c.Getenv("AWS_ROLE_ARN")
	iam.EKSIdentity.RoleSessionName = c.Getenv("AWS_ROLE_SESSION_NAME")
	iam.Container.AuthorizationToken = c.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
	iam.Container.CredentialsRelativeURI = c.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
	iam.Container.CredentialsFullURI = c.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
	iam.Client = &http.Client{Timeout: roleTime}
	if iam.EKSIdentity.TokenFile != "" {
		return iam, roleTime, nil
	}
	// The other two are link-local services: a proxy cannot reach them.
	iam.Client.Transport = &http.Transport{DisableKeepAlives: true}
	if iam.Container.CredentialsRelativeURI != "" || iam.Container.CredentialsFullURI != "" {
		return iam, roleTime, nil
	}
	if strings.EqualFold(c.Getenv("AWS_EC2_METADATA_DISABLED"), "true") {
		return nil, 0, nil
	}
	iam.Client.Timeout = metadataTime
	iam.Endpoint = c.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT")
	return &instance{iam}, metadataTime, nil
}
