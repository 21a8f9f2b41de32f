package main

import "amiforge/internal/cli"

type options struct {
	id                                  string
	toRegion, to                        string
	name, description                   string
	owner                               string // --as, without dashes
	copyTags                            bool
	encrypted, noEncrypted              bool
	acl                                 string
	noSync                              bool
	key, cert, ec2cert, kernel, ramdisk string
	signKey, sourceCert                 string
	allowUnsigned                       bool
}

func parse(e *cli.Env) (*options, error) {
	o := &options{}
	o.addFlags(e)
	args, err := e.Parse()
	switch {
	case err != nil:
		return nil, err
	case len(args) == 0:
		return nil, cli.Usagef("which image? give its ID")
	case len(args) > 1:
		return nil, cli.Usagef("unexpected argument %q", args[1])
	case o.name == "":
		return nil, cli.Usagef("-n NAME is needed")
	case o.encrypted && o.noEncrypted:
		return nil, cli.Usagef("--encrypted and --no-encrypted exclude each other")
	}
	o.id = args[0]
	if o.owner != "" {
		if o.owner, err = e.Account(o.owner); err != nil {
			return nil, err
		}
	}
	return o, o.checkKeys(e)
}

func (o *options) addFlags(e *cli.Env) {
	f := e.Flags()
	e.AddRegistryFlags(true)
	f.StringVar(&o.toRegion, "to-region", "", "")
	f.StringVar(&o.to, "to", "", "")
	f.StringVarP(&o.name, "name", "n", "", "")
	f.StringVarP(&o.description, "description", "d", "", "")
	f.StringVar(&o.owner, "as", "", "")
	f.BoolVar(&o.copyTags, "copy-tags", false, "")
	f.BoolVar(&o.encrypted, "encrypted", false, "")
	f.BoolVar(&o.noEncrypted, "no-encrypted", false, "")
	f.StringVar(&o.acl, "acl", "", "")
	f.BoolVar(&o.noSync, "no-sync", false, "")
	f.StringVarP(&o.key, "privatekey", "k", "", "")
	f.StringVarP(&o.cert, "cert", "c", "", "")
	f.StringVar(&o.ec2cert, "ec2cert", "", "")
	f.StringVar(&o.kernel, "kernel", "", "")
	f.StringVar(&o.ramdisk, "ramdisk", "", "")
	f.StringVar(&o.signKey, "sign-key", "", "")
	f.StringVar(&o.sourceCert, "source-cert", "", "")
	f.BoolVar(&o.allowUnsigned, "allow-unsigned", false, "")
}

// checkKeys tells which key is missing for what is asked for.
func (o *options) checkKeys(e *cli.Env) error {
	if !o.rewrites() {
		if o.signKey != "" {
			return cli.Usagef("--sign-key signs a new manifest: give --cert, --ec2cert, --kernel or --ramdisk")
		}
		return nil
	}
	if o.key == "" {
		o.key = e.Getenv("EC2_PRIVATE_KEY")
	}
	if o.key == "" {
		return cli.Usagef("-k KEY is needed for a new manifest: the private key that opens the bundle")
	}
	return nil
}

// rewrites tells whether the copy gets a manifest of its own.
func (o *options) rewrites() bool {
	return o.cert != "" || o.ec2cert != "" || o.kernel != "" || o.ramdisk != ""
}

// encryption returns what is asked for the volumes, nil if nothing is.
func (o *options) encryption() *bool {
	if !o.encrypted && !o.noEncrypted {
		return nil
	}
	return &o.encrypted
}
