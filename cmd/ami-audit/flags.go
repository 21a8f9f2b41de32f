package main

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"amiforge/diskimg"
	"amiforge/internal/auditing"
	"amiforge/internal/cli"
)

type options struct {
	cli.Opening
	source       string // SOURCE, "" with --volume
	volume       string
	sourceFormat string
	maxSize      int64
	boots        string // as hvm or paravirtual; "" is what the registry says

	choice auditing.Choice
	rules  bool

	fix     bool
	upgrade bool // to ext4 of today

	format string
	output string
	store  bool
	force  bool
	report *cli.File // at output; nil without
}

// The formats of reports.
const (
	formatText  = "text"
	formatJSON  = "json"
	formatSARIF = "sarif"
)

func parse(e *cli.Env) (*options, error) {
	o := &options{maxSize: 1 << 40}
	e.AddRegistryFlags(false)
	f := e.Flags()
	o.AddFlags(f)
	f.StringVar(&o.volume, "volume", "", "")
	f.StringVar(&o.sourceFormat, "source-format", "", "")
	cli.SizeVar(f, &o.maxSize, "max-size", "", o.maxSize, "")
	f.StringVar(&o.boots, "virtualization-type", "", "")
	o.choice.AddFlags(f)
	f.BoolVar(&o.rules, "rules", false, "")
	f.BoolVar(&o.fix, "fix", false, "")
	f.BoolVar(&o.upgrade, "upgrade-ext4", false, "")
	f.StringVar(&o.format, "format", "", "")
	f.StringVarP(&o.output, "output", "o", "", "")
	f.BoolVar(&o.store, "store-report", false, "")
	f.BoolVar(&o.force, "force", false, "")
	args, err := e.Parse()
	if err != nil {
		return nil, err
	}
	if len(args) > 0 {
		o.source = args[0]
	}
	if o.Key == "" && cli.IsBundle(o.source) {
		o.Key = e.Getenv("EC2_PRIVATE_KEY")
	}
	return o, o.validate(e, f, args)
}

// validate tells what is missing or does not go together.
func (o *options) validate(e *cli.Env, f *pflag.FlagSet, args []string) error {
	for _, check := range []func() error{
		func() error { return o.validateSource(f, args) },
		o.choice.Validate,
		func() error { return o.validateReport(e, f) },
		func() error { return o.validateFix(f) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (o *options) validateSource(f *pflag.FlagSet, args []string) error {
	switch {
	case len(args) > 1:
		return cli.Usagef("unexpected argument %q: one image at a time", args[1])
	case o.rules && (o.source != "" || f.Changed("volume")):
		return cli.Usagef("--rules looks at no image: leave it out")
	case o.rules && o.fix:
		return cli.Usagef("--rules looks at no image, and --fix copies one")
	case o.rules:
		return o.validateRules(f)
	case f.Changed("volume") && o.volume == "":
		return cli.Usagef("--volume: the value is empty")
	case f.Changed("volume") && o.source != "":
		return cli.Usagef("--volume %s and %s: one image at a time", o.volume, o.source)
	case !f.Changed("volume") && o.source == "":
		return cli.Usagef("which image? give a disk file, a manifest, an AMI ID or --volume DIR")
	case o.sourceFormat != "" && !slices.Contains([]diskimg.Format{diskimg.RAW, diskimg.VHD, diskimg.VMDK}, diskimg.Format(o.sourceFormat)):
		return cli.Usagef("--source-format %q: want raw, vhd or vmdk", o.sourceFormat)
	}
	if f.Changed("virtualization-type") && o.boots != "hvm" && o.boots != "paravirtual" {
		return cli.Usagef("--virtualization-type %q: want hvm or paravirtual", o.boots)
	}
	return o.validateBundle(f)
}

// validateRules wants nothing to be said about a report where there is none.
func (o *options) validateRules(f *pflag.FlagSet) error {
	for _, name := range []string{"output", "store-report"} {
		if f.Changed(name) {
			return cli.Usagef("--rules prints the rules: leave out --%s", name)
		}
	}
	if o.format == formatSARIF {
		return cli.Usagef("--rules prints the rules: --format is text or json")
	}
	return nil
}

// validateBundle wants flags of bundles for bundles only. The environment may hold a key at all times.
func (o *options) validateBundle(f *pflag.FlagSet) error {
	if cli.IsBundle(o.source) {
		switch {
		case o.Key == "":
			return cli.Usagef("-k KEY is needed: the private key that opens the bundle")
		case o.sourceFormat != "" && o.sourceFormat != string(diskimg.RAW):
			return cli.Usagef("--source-format %s: what is in a bundle is raw", o.sourceFormat)
		}
		return nil
	}
	if strings.Contains(o.source, "://") { // which is refused when it is opened
		return nil
	}
	for _, name := range []string{"privatekey", "cert", "source", "allow-unsigned", "max-size", "store-report"} {
		if f.Changed(name) && isDirectory(o.source) {
			return cli.Usagef("%s is a directory: of a bundle in it, give the manifest, such as %s", o.source, filepath.Join(o.source, "image.manifest.xml"))
		}
		if f.Changed(name) {
			return cli.Usagef("--%s is for bundles, and %s is none: leave it out", name, o.source+o.volume)
		}
	}
	return nil
}

// validateReport finds out the format of the report.
func (o *options) validateReport(e *cli.Env, f *pflag.FlagSet) error {
	switch {
	case f.Changed("output") && o.output == "":
		return cli.Usagef("-o: the name is empty")
	case o.output == "-" && o.fix:
		return cli.Usagef("-o -: the copy is not written in order: give a file")
	case o.output == "-":
		return cli.Usagef("-o -: the report goes to standard output by itself")
	case strings.Contains(o.output, "://") && o.fix:
		return cli.Usagef("-o %s: the copy is written to a file: write one, and ami-export FILE -o %s", o.output, o.output)
	case strings.Contains(o.output, "://"):
		return cli.Usagef("-o %s: a report is written to a file; --store-report puts one beside the bundle", o.output)
	case f.Changed("format"):
	case o.output != "" && !o.fix:
		o.format = formatOf(o.output)
	case e.JSON:
		o.format = formatJSON
	default:
		o.format = formatText
	}
	switch {
	case !slices.Contains([]string{formatText, formatJSON, formatSARIF}, o.format):
		return cli.Usagef("--format %q: want text, json or sarif", o.format)
	case e.JSON && o.prints() && o.format != formatJSON:
		return cli.Usagef("--json and --format %s exclude each other", o.format)
	case o.format == formatJSON && o.prints():
		e.JSON = true // for errors, too
	}
	return nil
}

// prints tells whether the report goes to standard output.
func (o *options) prints() bool { return o.output == "" || o.fix }

// formatOf returns the format that the name of a report promises.
func formatOf(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".json":
		return formatJSON
	case ".sarif":
		return formatSARIF
	}
	return formatText
}
