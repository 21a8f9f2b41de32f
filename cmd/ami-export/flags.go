package main

import (
	"strings"

	"github.com/spf13/pflag"

	"amiforge/diskimg"
	"amiforge/internal/cli"
)

type options struct {
	cli.Opening
	sources                   []string
	output, format, subformat string
	preset, partition, resize string
	sourceFormat, qemuFormat  string
	align, maxSize            int64
	level, jobs               int
	sha256, noSync, force     bool
	info, check, compare      bool

	size, grow int64 // what resize says
}

func parse(e *cli.Env) (*options, error) {
	o := &options{level: diskimg.DefaultLevel}
	f := e.Flags()
	o.AddFlags(f)
	f.StringVarP(&o.output, "output", "o", "", "")
	f.StringVarP(&o.format, "format", "f", "", "")
	f.StringVar(&o.subformat, "subformat", "", "")
	f.StringVar(&o.preset, "for", "", "")
	f.StringVar(&o.partition, "partition", "", "")
	f.StringVar(&o.resize, "resize", "", "")
	f.StringVar(&o.sourceFormat, "source-format", "", "")
	f.StringVarP(&o.qemuFormat, "qemu-format", "O", "", "") // for what is said of it
	cli.SizeVar(f, &o.align, "align", "", 0, "")
	cli.SizeVar(f, &o.maxSize, "max-size", "", 0, "")
	f.IntVar(&o.level, "compression-level", o.level, "")
	f.IntVarP(&o.jobs, "jobs", "j", 0, "")
	f.BoolVar(&o.sha256, "sha256", false, "")
	f.BoolVar(&o.noSync, "no-sync", false, "")
	f.BoolVar(&o.force, "force", false, "")
	f.BoolVar(&o.info, "info", false, "")
	f.BoolVar(&o.check, "check", false, "")
	f.BoolVar(&o.compare, "compare", false, "")
	f.SetNormalizeFunc(shortSpelling)
	f.Lookup("qemu-format").Hidden = true
	var err error
	if o.sources, err = e.Parse(); err != nil {
		return nil, err
	}
	if o.Key == "" {
		o.Key = e.Getenv("EC2_PRIVATE_KEY")
	}
	if o.compare || strings.Contains(o.output, "://") {
		o.Memory = sharedMemory
	}
	return o, o.validate(f)
}

// sharedMemory is how many bytes of a bundle's parts are held where an upload or a second bundle needs memory too.
const sharedMemory = 32 << 20

// shortSpelling takes --level for --compression-level.
func shortSpelling(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if name == "level" {
		name = "compression-level"
	}
	return pflag.NormalizedName(name)
}

// validate tells what is missing or does not go together.
func (o *options) validate(f *pflag.FlagSet) error {
	if err := o.validateWords(f); err != nil {
		return err
	}
	if err := o.validateMode(f); err != nil {
		return err
	}
	if err := o.validateNumbers(f); err != nil {
		return err
	}
	o.sourceFormat, o.partition = strings.ToLower(o.sourceFormat), strings.ToLower(o.partition)
	switch o.sourceFormat {
	case "", "raw", "vhd", "vmdk":
	default:
		return cli.Usagef("--source-format %q: want raw, vhd or vmdk", o.sourceFormat)
	}
	switch o.partition {
	case "", "mbr", "gpt":
	default:
		return cli.Usagef("--partition %q: want mbr or gpt", o.partition)
	}
	return o.parseResize()
}

// validateMode looks at what the command is to do, and with how many sources.
func (o *options) validateMode(f *pflag.FlagSet) error {
	mode, wants := o.mode(), 1
	if mode == "--compare" {
		wants = 2
	}
	for _, other := range []string{"info", "check", "compare"} {
		if f.Changed(other) && "--"+other != mode {
			return cli.Usagef("%s and --%s exclude each other", mode, other)
		}
	}
	switch {
	case len(o.sources) > wants:
		return cli.Usagef("unexpected argument %q", o.sources[wants])
	case wants == 2 && len(o.sources) < 2:
		return cli.Usagef("--compare needs two disks: ami-export --compare disk.raw disk.vmdk")
	case len(o.sources) == 0 && mode != "":
		return cli.Usagef("which disk file?")
	case len(o.sources) == 0:
		return cli.Usagef("which disk? give a disk file, a bundle's manifest or an AMI ID")
	case mode == "" && o.output == "":
		return cli.Usagef("where to? give -o FILE, -o s3://bucket/key or -o -")
	case mode == "":
		return nil
	}
	for _, name := range writingFlags() {
		if f.Changed(name) {
			return cli.Usagef("%s writes nothing: leave out --%s", mode, name)
		}
	}
	return nil
}

// mode returns the flag that says that no image is written, if there is one.
func (o *options) mode() string {
	switch {
	case o.info:
		return "--info"
	case o.check:
		return "--check"
	case o.compare:
		return "--compare"
	}
	return ""
}

// writingFlags are the flags that are about an output.
func writingFlags() []string {
	return []string{
		"output", "format", "subformat", "for", "align", "resize", "partition", "sha256",
		"compression-level", "jobs", "no-sync", "force",
	}
}

func (o *options) validateNumbers(f *pflag.FlagSet) error {
	switch {
	case f.Changed("align") && o.align <= 0:
		return cli.Usagef("--align 0: want a size, such as 1M")
	case o.align > maxAlign:
		return cli.Usagef("--align %s: want at most %s", cli.FormatSize(o.align), cli.FormatSize(maxAlign))
	case f.Changed("max-size") && o.maxSize <= 0:
		return cli.Usagef("--max-size 0: want a size, such as 1T")
	case o.level < 1 || o.level > 9:
		return cli.Usagef("--compression-level %d: want 1 to 9", o.level)
	case o.jobs < 0 || o.jobs > maxJobs || f.Changed("jobs") && o.jobs == 0:
		return cli.Usagef("-j %d: want 1 to %d", o.jobs, maxJobs)
	}
	return nil
}

const (
	maxJobs  = 1024
	maxAlign = 1 << 30 // bytes: more is a mistake, and a disk full of padding
)

// parseResize reads --resize.
func (o *options) parseResize() error {
	if o.resize == "" {
		return nil
	}
	text, grows := strings.CutPrefix(o.resize, "+")
	n, err := cli.ParseSize(text)
	switch {
	case err != nil:
		return cli.Usagef("--resize %q: %w", o.resize, err)
	case grows:
		o.grow = n
	case n == 0:
		return cli.Usagef("--resize 0: a disk is never made smaller")
	default:
		o.size = n
	}
	return nil
}
