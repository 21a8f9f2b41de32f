// Ami-keygen makes the RSA key and the self-signed certificate that a bundle is made with.
package main

import (
	"context"
	"path/filepath"
	"time"

	"amiforge/internal/cli"
	"amiforge/manifest"
)

const usage = `
Usage: ami-keygen -o DIR [--bits N] [--days N] [--name NAME]

Make an RSA private key, DIR/pk.pem, and a self-signed certificate for it, DIR/cert.pem.

Options:
  -o, --output DIR   where to put the two files; made, for its owner only, if it is missing
      --bits N       length of the key: 2048, 3072 or 4096 (default 2048, which every old tool reads)
      --days N       how long the certificate is valid (default 3650)
      --name NAME    common name in the certificate (default "amiforge")

The key signs bundles and opens them again: keep it secret, and keep a copy, for without it they are lost.
Keys are never overwritten, and the key has no passphrase.

Examples:
  ami-keygen -o keys
  ami-keygen -o keys --bits 4096 --name "Build farm"
  ami-bundle disk.raw -c keys/cert.pem -k keys/pk.pem -u 123456789012 -r x86_64 -d out
`

// The bounds of the flags. A common name is at most 64 long (RFC 5280, ub-common-name); a certificate of more
// than a century is a typing mistake.
const (
	maxDays = 36500
	maxName = 64
)

func main() { cli.Main(usage, run) }

type options struct {
	dir  string
	bits int
	days int
	name string
}

// A result is what --json prints.
type result struct {
	PrivateKey  string `json:"privateKey"`
	Certificate string `json:"certificate"`
}

func run(ctx context.Context, env *cli.Env) error {
	o, err := parse(env)
	if err != nil {
		return err
	}
	paths := result{
		PrivateKey:  filepath.Join(o.dir, "pk.pem"),
		Certificate: filepath.Join(o.dir, "cert.pem"),
	}
	if err := paths.checkFree(); err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	key, cert, err := manifest.NewKeyPair(o.bits, o.name, now, now.AddDate(0, 0, o.days))
	if err != nil {
		return err
	}
	if ctx.Err() != nil { // making a long key takes seconds
		return context.Cause(ctx)
	}
	if err := paths.write(key, cert); err != nil {
		return err
	}
	return env.Result(paths.PrivateKey+"\n"+paths.Certificate, paths)
}

func parse(env *cli.Env) (options, error) {
	var o options
	f := env.Flags()
	f.StringVarP(&o.dir, "output", "o", "", "")
	f.IntVar(&o.bits, "bits", 2048, "")
	f.IntVar(&o.days, "days", 3650, "")
	f.StringVar(&o.name, "name", "amiforge", "")
	args, err := env.Parse()
	if err != nil {
		return o, err
	}
	if len(args) > 0 {
		return o, cli.Usagef("unexpected argument %q", args[0])
	}
	return o, o.check()
}

func (o options) check() error {
	switch {
	case o.dir == "":
		return cli.Usagef("-o DIR is missing: where to put the key and the certificate")
	case o.bits != 2048 && o.bits != 3072 && o.bits != 4096:
		return cli.Usagef("--bits %d: want 2048, 3072 or 4096", o.bits)
	case o.days < 1 || o.days > maxDays:
		return cli.Usagef("--days %d: want 1 to %d", o.days, maxDays)
	}
	return checkName(o.name)
}

func checkName(name string) error {
	if name == "" || len(name) > maxName {
		return cli.Usagef("--name %q: want 1 to %d characters", name, maxName)
	}
	for _, r := range name {
		if r < ' ' || r > '~' {
			return cli.Usagef("--name %q: want printable ASCII", name)
		}
	}
	return nil
}
