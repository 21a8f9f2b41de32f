package cli

import (
	"context"

	"github.com/spf13/pflag"

	"amiforge/bundle"
	"amiforge/internal/store"
)

// A Source is how a command line names a bundle in a store: by the location of its manifest, or as users of
// the EC2 tools do, by -b and the manifest's name or the bundle's.
type Source struct{ location, bucket, manifest, prefix string }

// AddFlags adds -b, -m and -p.
func (s *Source) AddFlags(f *pflag.FlagSet) {
	f.StringVarP(&s.bucket, "bucket", "b", "", "")
	f.StringVarP(&s.manifest, "manifest", "m", "", "")
	f.StringVarP(&s.prefix, "prefix", "p", "", "")
}

// Take takes the positional argument, if there is one, and tells what is missing or does not go together.
func (s *Source) Take(args []string) error {
	switch {
	case len(args) > 1:
		return Usagef("unexpected argument %q", args[1])
	case len(args) == 1 && (s.bucket != "" || s.manifest != "" || s.prefix != ""):
		return Usagef("give either the manifest's location or -b with -m or -p")
	case len(args) == 1:
		s.location = args[0]
	case s.bucket == "" && s.manifest != "":
		s.location = s.manifest
	case s.bucket == "":
		return Usagef("which bundle? give its manifest: s3://bucket/prefix/image.manifest.xml")
	case s.manifest != "" && s.prefix != "":
		return Usagef("-m and -p exclude each other")
	}
	return nil
}

// Open opens the store that the manifest is in.
func (s *Source) Open(ctx context.Context, cfg store.Config) (Object, error) {
	if s.location != "" {
		return OpenObject(ctx, s.location, cfg)
	}
	name := s.manifest
	if name == "" {
		prefix := s.prefix
		if prefix == "" {
			prefix = "image"
		}
		name = bundle.ManifestName(prefix)
	}
	return OpenBucketObject(ctx, s.bucket, name, cfg)
}
