package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"amiforge/bundle"
	"amiforge/manifest"
)

// Opening is what a command line gives to open bundles with.
type Opening struct {
	Key, Cert     string // files
	Parts         string // where the parts are, if not beside the manifest
	AllowUnsigned bool
	Memory        int64 // bytes of parts to hold at most; 0 is the default of bundle.OpenOptions
}

// AddFlags adds -k, -c, -s and --allow-unsigned.
func (o *Opening) AddFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.Key, "privatekey", "k", "", "")
	f.StringVarP(&o.Cert, "cert", "c", "", "")
	f.StringVarP(&o.Parts, "source", "s", "", "")
	f.BoolVar(&o.AllowUnsigned, "allow-unsigned", false, "")
}

// Options reads the keys and opens the store of the parts.
func (o *Opening) Options(ctx context.Context, e *Env) (*bundle.OpenOptions, error) {
	open, err := OpenOptions(o.Key, o.Cert)
	if err != nil {
		return nil, err
	}
	open.AllowUnsigned, open.Memory = o.AllowUnsigned, o.Memory
	if o.Parts != "" {
		open.Parts, _, err = OpenStore(ctx, o.Parts, e.StoreConfig())
	}
	return open, err
}

// OpenBundle opens the bundle whose manifest object is. It warns of one that is not signed, and its errors tell
// which flag helps.
func OpenBundle(ctx context.Context, e *Env, object Object, opts *bundle.OpenOptions) (*bundle.Bundle, error) {
	b, err := bundle.Open(ctx, object.Store, object.Name, opts)
	switch {
	case errors.Is(err, manifest.ErrUnsigned):
		return nil, fmt.Errorf("%w; --allow-unsigned accepts that", err)
	case errors.Is(err, bundle.ErrServiceKey):
		return nil, fmt.Errorf("%w: give it with -c", err)
	case isVerification(err) && object.Location.Bucket != "":
		return nil, fmt.Errorf("%s: %w", object.Location, err)
	case err != nil:
		return nil, object.Missing(err)
	}
	if b.Manifest.Unsigned() {
		e.Warnf("%s is not signed: nobody vouches for its content", object)
	}
	return b, nil
}
