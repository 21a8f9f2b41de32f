package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"gopkg.in/ini.v1"
)

// A profile is a named set of settings in AWS's two configuration files.
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
type profile struct {
	name        string
	configPath  string
	secretsPath string
	config      *ini.File      // empty if there is no such file
	sections    []*ini.Section // of the profile: first that of the config file, then of the credentials file
}

// profile reads the files. A profile that the user named must be in one of them.
func (c Config) profile() (profile, error) {
	name := firstSet(c.Profile, c.Getenv("AWS_PROFILE"))
	p := profile{
		name:        firstSet(name, "default"),
		configPath:  firstSet(c.Getenv("AWS_CONFIG_FILE"), c.dotAWS("config")),
		secretsPath: firstSet(c.Getenv("AWS_SHARED_CREDENTIALS_FILE"), c.dotAWS("credentials")),
	}
	config, err := loadINI(p.configPath)
	if err != nil {
		return p, err
	}
	secrets, err := loadINI(p.secretsPath)
	if err != nil {
		return p, err
	}
	p.config = config
	p.add(config, "profile "+p.name)
	if p.name == "default" {
		p.add(config, p.name)
	}
	p.add(secrets, p.name)
	if name != "" && len(p.sections) == 0 {
		return p, fmt.Errorf("profile %q is neither in %s nor in %s", name, p.configPath, p.secretsPath)
	}
	return p, nil
}

// dotAWS returns the path of a file in ~/.aws, "" for a user without a home.
func (c Config) dotAWS(name string) string {
	home := c.Getenv("HOME")
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".aws", name)
}

func (p *profile) add(f *ini.File, section string) {
	if s, err := f.GetSection(section); err == nil {
		p.sections = append(p.sections, s)
	}
}

// get returns a setting of the profile, or "".
func (p profile) get(key string) string {
	for _, s := range p.sections {
		if v := s.Key(key).String(); v != "" {
			return v
		}
	}
	return ""
}

// endpoint returns the URL that the profile has for S3: that of its services section, else for everything.
func (p profile) endpoint() string {
	if services, err := p.config.GetSection("services " + p.get("services")); err == nil {
		for _, line := range services.Key("s3").NestedValues() {
			key, value, _ := strings.Cut(line, "=")
			if strings.TrimSpace(key) == "endpoint_url" {
				return strings.TrimSpace(value)
			}
		}
	}
	return p.get("endpoint_url")
}

// loadINI reads a configuration file; a missing one, and that of no name, is empty.
func loadINI(path string) (*ini.File, error) {
	if path == "" {
		return ini.Empty(), nil
	}
	options := ini.LoadOptions{AllowNestedValues: true, SpaceBeforeInlineComment: true}
	f, err := ini.LoadSources(options, path)
	if errors.Is(err, fs.ErrNotExist) {
		return ini.Empty(), nil
	}
	if err != nil && !errors.As(err, new(*fs.PathError)) {
		// The parser's message would quote the line, and with it perhaps a secret.
		return nil, fmt.Errorf("%s: is not a valid AWS configuration file", path)
	}
	return f, err
}
