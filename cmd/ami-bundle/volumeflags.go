package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"amiforge/diskimg/partition"
	"amiforge/internal/cli"
	"amiforge/internal/tree"
	"amiforge/internal/volume"
)

// volumeOptions are those that go with --volume.
type volumeOptions struct {
	volume              string // a directory, an archive or -
	exclude, include    []string
	noFilter, all       bool
	fstab               string // a file
	generateFstab       bool
	script              string
	label, uuid         string
	partition, bootCode string
	inherit, noInherit  bool
	diskOnly            bool
	output              string
	sizeText, shortSize string   // --size and -s
	shortInclude        []string // -i, which is the image without --volume
	selection           *tree.Selection
	fileSystemUUID      [16]byte // zero if none is given
	partitionKind       partition.Kind
	bootCodeContent     []byte
	fstabContent        []byte
}

// addVolumeFlags adds them. -i and -s are flags of their own, since what they mean depends on --volume.
func (o *options) addVolumeFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.volume, "volume", "v", "", "")
	f.StringArrayVarP(&o.exclude, "exclude", "e", nil, "")
	f.StringArrayVar(&o.include, "include", nil, "")
	f.BoolVar(&o.noFilter, "no-filter", false, "")
	f.BoolVarP(&o.all, "all", "a", false, "")
	f.StringVar(&o.fstab, "fstab", "", "")
	f.BoolVar(&o.generateFstab, "generate-fstab", false, "")
	f.StringVarP(&o.script, "script", "S", "", "")
	f.StringVar(&o.label, "label", "", "")
	f.StringVar(&o.uuid, "uuid", "", "")
	f.StringVarP(&o.partition, "partition", "P", "", "")
	f.StringVar(&o.bootCode, "boot-code", "", "")
	f.BoolVar(&o.inherit, "inherit", false, "")
	f.BoolVar(&o.noInherit, "no-inherit", false, "")
	f.BoolVar(&o.diskOnly, "disk-only", false, "")
	f.StringVarP(&o.output, "output", "o", "", "")
	f.Var((*sizeText)(&o.sizeText), "size", "")
	f.VarP((*sizeText)(&o.shortSize), "s", "s", "")
	f.StringArrayVarP(&o.shortInclude, "i", "i", nil, "")
	f.Lookup("s").Hidden, f.Lookup("i").Hidden = true, true
	for name := range oldFlags() {
		f.String(name, "", "")
		f.Lookup(name).Hidden, f.Lookup(name).NoOptDefVal = true, "true"
	}
}

// oldFlags are those of ec2-bundle-vol that are gone, with what to do without them.
func oldFlags() map[string]string {
	return map[string]string{
		"clone-only":     "write --disk-only -o FILE",
		"grub-config":    "put the menu into TREE, or have --script lay it over the volume",
		"no-size-checks": "leave it out: nothing ends at 10 GiB",
	}
}

// volumeFlags are the flags that make sense with --volume only.
func volumeFlags() []string {
	return []string{
		"exclude", "include", "no-filter", "all", "fstab", "generate-fstab", "script", "label", "uuid", "partition",
		"boot-code", "inherit", "no-inherit", "disk-only", "output", "s",
	}
}

// bundleFlags are the flags that are about a bundle and not about a volume. Keys and account are not among them: they
// may be there, for a command that is called with and without --disk-only.
func bundleFlags() []string {
	return []string{
		"destination", "to", "ec2cert", "block-device-mapping", "kernel", "ramdisk", "product-codes", "inherit",
		"part-size", "compression-level", "jobs", "store-report",
	}
}

// A sizeText is a size that is not read yet: what a bare number is depends on other flags.
type sizeText string

func (s *sizeText) String() string { return string(*s) }

func (s *sizeText) Type() string { return "size" }

func (s *sizeText) Set(text string) error {
	_, err := cli.ParseSize(text)
	*s = sizeText(text)
	return err
}

// settle gives the flags their meaning, with --volume or without.
func (o *options) settle(f *pflag.FlagSet) (err error) {
	for name, instead := range oldFlags() {
		if f.Changed(name) {
			return cli.Usagef("--%s is no more: %s", name, instead)
		}
	}
	if f.Changed("volume") {
		return o.settleVolume(f)
	}
	for _, name := range volumeFlags() {
		if f.Changed(name) {
			return cli.Usagef("%s goes with --volume TREE", spelled(f, name))
		}
	}
	if len(o.shortInclude) > 1 || len(o.shortInclude) == 1 && f.Changed("image") {
		return cli.Usagef("-i: which image? one is bundled at a time (with --volume TREE, -i is what to include)")
	}
	if len(o.shortInclude) == 1 {
		o.image = o.shortInclude[0]
	}
	if o.sizeText != "" {
		o.size, err = cli.ParseSize(o.sizeText)
	}
	return err
}

// spelled returns a flag as users write it.
func spelled(f *pflag.FlagSet, name string) string {
	if f.Lookup(name).Shorthand == name {
		return "-" + name
	}
	return "--" + name
}

func (o *options) settleVolume(f *pflag.FlagSet) error {
	for _, name := range []string{"image", "source-format", "no-scan"} {
		if f.Changed(name) {
			return cli.Usagef("--%s is about an image: leave it out with --volume", name)
		}
	}
	o.exclude, o.include = patterns(o.exclude), patterns(append(o.include, o.shortInclude...))
	if o.sizeText != "" && o.shortSize != "" {
		return cli.Usagef("-s and --size are the same: give one of them")
	}
	return o.settleSize(o.sizeText + o.shortSize)
}

// patterns returns those of lists with commas between them. The comma of a name has a backslash before it, which a pattern
// takes too. An empty one is none: a variable of a script may be empty.
func patterns(lists []string) []string {
	one := regexp.MustCompile(`(?s)(?:\\.|[^,])+`)
	var all []string
	for _, list := range lists {
		all = append(all, one.FindAllString(list, -1)...)
	}
	return slices.DeleteFunc(all, func(text string) bool { return strings.TrimSpace(text) == "" })
}

// settleSize reads the size of a volume, where a bare number is MiB, as ec2-bundle-vol had it.
func (o *options) settleSize(text string) (err error) {
	if text == "" {
		return nil
	}
	if _, bare := strconv.ParseUint(text, 10, 64); bare == nil {
		text += "M"
	}
	o.size, err = cli.ParseSize(text)
	switch {
	case err != nil:
		return cli.Usagef("-s %q: %w", text, err)
	case o.size == 0:
		return cli.Usagef("-s 0: a volume has a size")
	}
	return nil
}

// checkVolume tells what is missing or does not go together, and reads the small things that flags name.
func (o *options) checkVolume(f *pflag.FlagSet, args []string) error {
	switch {
	case o.volume == "":
		return cli.Usagef("--volume: the value is empty")
	case len(o.volume) > 1 && o.volume[0] == '-':
		return cli.Usagef("--volume %s: which tree? give a directory, an archive, / for this machine's root, or ./%s", o.volume, o.volume)
	case len(args) > 0:
		return cli.Usagef("unexpected argument %q: --volume says what is bundled", args[0])
	case o.fstab != "" && o.generateFstab:
		return cli.Usagef("--fstab and --generate-fstab exclude each other")
	case o.inherit && o.noInherit:
		return cli.Usagef("--inherit and --no-inherit exclude each other")
	case f.Changed("fstab") && o.fstab == "", f.Changed("script") && o.script == "", f.Changed("boot-code") && o.bootCode == "":
		return cli.Usagef("--fstab, --script and --boot-code want a file")
	case len(o.label) > maxLabel:
		return cli.Usagef("--label %q: want at most %d bytes", o.label, maxLabel)
	case strings.ContainsFunc(o.label, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return cli.Usagef("--label %q: has a control character", o.label)
	}
	if err := o.checkOutput(f); err != nil {
		return err
	}
	return o.parseVolume(f)
}

// maxLabel is the length of a label that ext4 has room for, in bytes.
const maxLabel = 16

// checkOutput tells what is wrong about where the volume goes.
func (o *options) checkOutput(f *pflag.FlagSet) error {
	switch {
	case !o.diskOnly && f.Changed("output"):
		return cli.Usagef("-o goes with --disk-only; a bundle goes to -d DIR or --to LOCATION")
	case !o.diskOnly:
		return o.checkBundle()
	case o.output == "":
		return cli.Usagef("--disk-only needs -o FILE")
	case strings.Contains(o.output, "://"):
		return cli.Usagef("-o %s: a volume is written to a file: write one, and ami-export FILE -o %s", o.output, o.output)
	case o.output == "-", cli.IsBlockDevice(o.output):
		return cli.Usagef("-o %s: a volume is not written in order: write a file, and ami-export FILE -o %s", o.output, o.output)
	}
	if suffix := strings.ToLower(filepath.Ext(o.output)); slices.Contains([]string{".vhd", ".vmdk", ".vhdx", ".qcow2", ".vdi"}, suffix) {
		return cli.Usagef("-o %s: a volume is written as RAW: write disk.raw, and ami-export disk.raw -o disk%s", o.output, suffix)
	}
	for _, name := range bundleFlags() {
		if f.Changed(name) {
			return cli.Usagef("--disk-only makes no bundle: leave out --%s", name)
		}
	}
	return nil
}

func (o *options) parseVolume(f *pflag.FlagSet) (err error) {
	if o.selection, err = tree.NewSelection(o.exclude, o.include); err != nil {
		return cli.Usagef("%w", err)
	}
	if f.Changed("uuid") {
		if o.fileSystemUUID, err = volume.ParseUUID(o.uuid); err != nil {
			return cli.Usagef("--uuid %w", err)
		}
	}
	switch kind := strings.ToLower(o.partition); kind {
	case "", "none":
	case "mbr", "gpt":
		o.partitionKind = partition.Kind(kind)
	default:
		return cli.Usagef("-P %q: want none, mbr or gpt", o.partition)
	}
	if f.Changed("boot-code") && o.partitionKind == "" {
		return cli.Usagef("--boot-code goes with --partition mbr or gpt")
	}
	return nil
}
