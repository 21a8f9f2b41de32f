package main

import (
	"amiforge/internal/auditing"
	"amiforge/internal/cli"
)

type options struct {
	location, cert                           string
	name, description, arch, kernel, ramdisk string
	virtualization, rootDevice               string
	platform, bootMode, sriov                string
	tags, mappings                           []string
	verify, probe, ena, public               bool

	gate auditing.Gate // before public
}

func parse(e *cli.Env) (*options, error) {
	o := &options{}
	e.AddRegistryFlags(true)
	f := e.Flags()
	f.StringVarP(&o.name, "name", "n", "", "")
	f.StringVarP(&o.description, "description", "d", "", "")
	f.StringArrayVar(&o.tags, "tag", nil, "")
	f.StringVarP(&o.arch, "architecture", "a", "", "")
	f.StringVar(&o.kernel, "kernel", "", "")
	f.StringVar(&o.ramdisk, "ramdisk", "", "")
	f.StringVar(&o.virtualization, "virtualization-type", "", "")
	f.StringVar(&o.rootDevice, "root-device-name", "", "")
	f.StringSliceVarP(&o.mappings, "block-device-mapping", "B", nil, "")
	f.StringVar(&o.platform, "platform", "", "")
	f.StringVar(&o.bootMode, "boot-mode", "", "")
	f.BoolVar(&o.ena, "ena-support", false, "")
	f.StringVar(&o.sriov, "sriov-net-support", "", "")
	f.StringVarP(&o.cert, "cert", "c", "", "")
	f.BoolVar(&o.public, "public", false, "")
	f.StringVarP(&o.gate.Key, "privatekey", "k", "", "")
	o.gate.AddFlags(f)
	f.BoolVar(&o.verify, "verify", false, "")
	f.BoolVar(&o.probe, "probe", false, "")
	args, err := e.Parse()
	switch {
	case err != nil:
		return nil, err
	case len(args) == 0 && o.probe && o.name == "" && o.public:
		return nil, cli.Usagef("--probe is about no image: leave out --public")
	case len(args) == 0 && o.probe && o.name == "":
		return o, refuseDryProbe(e)
	case len(args) == 0:
		return nil, cli.Usagef("which bundle? give its manifest: s3://bucket/prefix/image.manifest.xml")
	case len(args) > 1:
		return nil, cli.Usagef("unexpected argument %q", args[1])
	case o.name == "":
		return nil, cli.Usagef("-n NAME is needed")
	}
	o.location, o.gate.Cert = args[0], o.cert
	o.gate.AllowUnsigned = o.cert == "" // as check does, which warns of it
	return o, o.gate.Validate(e, f, o.public)
}

// refuseDryProbe says that a probe writes.
func refuseDryProbe(e *cli.Env) error {
	if e.DryRun {
		return cli.Usagef("--probe writes to the store, --dry-run does not")
	}
	return nil
}
