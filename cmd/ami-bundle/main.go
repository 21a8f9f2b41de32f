// Ami-bundle cuts a disk image into encrypted, signed parts.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/pflag"

	"amiforge/bundle"
	"amiforge/internal/cli"
	"amiforge/internal/store"
	"amiforge/manifest"
)

const usage = `Usage:
  ami-bundle IMAGE -c CERT -k KEY -u ACCOUNT -d DIR [OPTION]…
  ami-bundle IMAGE -c CERT -k KEY -u ACCOUNT --to LOCATION [OPTION]…
  ami-bundle --volume TREE -c CERT -k KEY -u ACCOUNT -d DIR [OPTION]…
  ami-bundle --volume TREE --disk-only -o FILE [OPTION]…

Compresses and encrypts IMAGE (a file, a block device, or - for standard input),
cuts it into parts and signs a manifest that names them. The holes of a sparse
image are not stored. Of a VHD or VMDK file the disk in it is bundled. Prints
where the manifest is. With --volume the image is made first: see below.

  -c, --cert FILE             the owner's X.509 certificate
  -k, --privatekey FILE       the private key that belongs to it; signs the manifest
  -u, --user ACCOUNT          the owner's account, 12 digits
  -d, --destination DIR       directory for the bundle, made if missing
      --to LOCATION           or s3://bucket/prefix or a directory: straight to the store
  -r, --arch ARCH             i386, x86_64, arm64, … (default: this machine's)
  -p, --prefix NAME           name of the bundle's files (default: image)
      --ec2cert FILE          certificate of a service that may open the bundle too
  -B, --block-device-mapping VIRTUAL=DEVICE[,…]
                              such as ami=sda1,root=/dev/sda1,ephemeral0=sdb
      --kernel ID             kernel to boot with
      --ramdisk ID            ramdisk to boot with
      --product-codes CODE[,…]
      --part-size SIZE        5M to 64M (default: 10M)
      --compression-level N   1 (fastest) to 9 (smallest) (default: 6)
  -j, --jobs N                processors to use (default: all)
      --size SIZE             length of the image where it is a pipe
      --source-format FORMAT  raw, vhd or vmdk: what the file IMAGE must be (default:
                              what it is). With raw it is taken as it is
      --no-scan               do not look for zero blocks first
      --no-sync               do not wait for the disk
      --force                 replace a bundle of that name, which is gone then even
                              if the new one fails
  -i, --image IMAGE           the same as IMAGE

      --audit                 look for keys, passwords and the like first, as ami-audit does,
                              and bundle nothing (exit 4) if there are any
      --fail-on SEVERITY, --skip ID[,…], --allow ID[:PATH]
                              what of the audit matters: see ami-audit
      --store-report          put the report of the audit beside the bundle, for the
                              --audited-by of ami-modify and ami-register

Parts that an earlier bundle of that name left in the store are cleared away. In a
bucket, let one process at a time write a bundle.

A volume from files, without mounting anything:

  -v, --volume TREE           a directory (/ is this machine's root), a tar archive (plain,
                              .gz, .zst, .xz, .bz2), or - for one from standard input:
                              becomes an ext4 file system
  -s, --size SIZE             of the volume; a bare number is MiB (default: what the
                              content needs and a quarter)
  -e, --exclude PATTERN[,…]   leave out, such as /mnt,/var/cache/*.bin,*.iso
  -i, --include PATTERN[,…]   keep, though it is excluded or a secret
      --no-filter             keep private keys, credentials and histories
  -a, --all                   also what is on other file systems than TREE
      --fstab FILE            FILE becomes etc/fstab, and the old one etc/fstab.old
      --generate-fstab        so does a table of the one root
  -S, --script SCRIPT         run SCRIPT DIR first; what it leaves in DIR is laid over the
                              volume
      --label LABEL           of the file system, up to 16 bytes
      --uuid UUID             of the file system (default: a random one)
  -P, --partition none|mbr|gpt
                              put a partition table around it (default: none)
      --boot-code FILE        boot code in front of the partition
      --inherit               take kernel, ramdisk, product codes, block devices and
                              ancestry from the metadata of the instance that this runs on
      --disk-only             write the volume to -o FILE, and bundle nothing
  -o, --output FILE           for --disk-only

The volume takes the room of its content, for a while, in DIR, in TMPDIR for a bucket.

SIZE is in bytes, or with K, M, G or T. Without --ec2cert only the owner's key
opens the bundle: the content key is then wrapped for the owner in both places.
EC2_CERT, EC2_PRIVATE_KEY and EC2_USER_ID stand in for -c, -k and -u. With --uuid
and SOURCE_DATE_EPOCH the same files become the same volume.

Examples:
  ami-bundle disk.raw -c keys/cert.pem -k keys/pk.pem -u 123456789012 -r x86_64 -d out
  ami-bundle disk.raw -c keys/cert.pem -k keys/pk.pem -u 123456789012 --to s3://bucket/web
  zcat disk.raw.gz | ami-bundle - --size 8G -c keys/cert.pem -k keys/pk.pem -u 123456789012 -d out
  ami-bundle --volume / -e /mnt,/tmp -s 10G -c keys/cert.pem -k keys/pk.pem -u 123456789012 -d out
  ami-bundle --volume rootfs.tar.gz --partition mbr --generate-fstab --disk-only -o disk.raw
`

func main() { cli.Main(usage, run) }

type options struct {
	image, cert, key, user, ec2cert string
	destination, to                 string
	arch, prefix, kernel, ramdisk   string
	mappings, productCodes          []string
	partSize, size                  int64
	level, jobs                     int
	sourceFormat                    string
	noScan, noSync, force           bool

	volumeOptions
	auditOptions

	note string // what there is to say once the bundle is there
}

func run(ctx context.Context, e *cli.Env) error {
	o, err := parse(e)
	if err != nil {
		return err
	}
	if o.volume != "" {
		return o.runVolume(ctx, e)
	}
	opts, err := o.createOptions(e)
	if err != nil {
		return err
	}
	if err := o.refuseExisting(ctx, e); err != nil {
		return err
	}
	if err := o.auditImage(ctx, e); err != nil {
		return err
	}
	im, opened, err := o.openImage(ctx, e)
	if err != nil {
		return err
	}
	defer opened.Close()
	st, loc, err := o.openDestination(ctx, e)
	if err != nil {
		return err
	}
	made, err := o.create(ctx, e, cli.Object{Store: st, Location: loc, Name: bundle.ManifestName(o.prefix)}, im, opts)
	if err != nil {
		return err
	}
	if o.note != "" {
		e.Notef("%s", o.note)
	}
	return made.print(e)
}

// create bundles the image, with object as the manifest, and puts the report of its audit beside it if that is wanted.
func (o *options) create(ctx context.Context, e *cli.Env, object cli.Object, im *bundle.Image, opts *bundle.CreateOptions) (*result, error) {
	m, err := cut(ctx, e, object, im, opts)
	if err != nil {
		return nil, err
	}
	report, err := o.keepReport(ctx, e, object, m, opts.Key)
	return &result{manifest: m, location: object.String(), report: report}, err
}

// cut bundles the image.
func cut(ctx context.Context, e *cli.Env, object cli.Object, im *bundle.Image, opts *bundle.CreateOptions) (*manifest.Manifest, error) {
	progress := e.Progress("bundle", im.DataSize())
	defer progress.Done()
	opts.Progress = progress.Add
	m, err := bundle.Create(ctx, object.Store, im, opts)
	switch {
	case err != nil && m != nil:
		return nil, fmt.Errorf("%w\n%s is in place all the same", err, object)
	case err != nil:
		return nil, explain(err)
	}
	return m, nil
}

// explain adds what helps, or what is left.
func explain(err error) error {
	switch {
	case errors.Is(err, bundle.ErrExist):
		return fmt.Errorf("%w (--force replaces it)", err)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%w\nthere is no bundle: the parts that were stored are removed, and the same command begins anew", err)
	}
	return err
}

func parse(e *cli.Env) (*options, error) {
	o := &options{prefix: "image", partSize: bundle.DefaultPartSize, level: bundle.DefaultLevel}
	f := e.Flags()
	f.StringVar(&o.image, "image", "", "")
	f.StringVarP(&o.cert, "cert", "c", e.Getenv("EC2_CERT"), "")
	f.StringVarP(&o.key, "privatekey", "k", e.Getenv("EC2_PRIVATE_KEY"), "")
	f.StringVarP(&o.user, "user", "u", e.Getenv("EC2_USER_ID"), "")
	f.StringVar(&o.ec2cert, "ec2cert", "", "")
	f.StringVarP(&o.destination, "destination", "d", "", "")
	f.StringVar(&o.to, "to", "", "")
	f.StringVarP(&o.arch, "arch", "r", machineArch(), "")
	f.StringVarP(&o.prefix, "prefix", "p", o.prefix, "")
	f.StringSliceVarP(&o.mappings, "block-device-mapping", "B", nil, "")
	f.StringVar(&o.kernel, "kernel", "", "")
	f.StringVar(&o.ramdisk, "ramdisk", "", "")
	f.StringSliceVar(&o.productCodes, "product-codes", nil, "")
	cli.SizeVar(f, &o.partSize, "part-size", "", o.partSize, "")
	f.IntVar(&o.level, "compression-level", o.level, "")
	f.IntVarP(&o.jobs, "jobs", "j", 0, "")
	f.StringVar(&o.sourceFormat, "source-format", "", "")
	f.BoolVar(&o.noScan, "no-scan", false, "")
	f.BoolVar(&o.noSync, "no-sync", false, "")
	f.BoolVar(&o.force, "force", false, "")
	f.SetNormalizeFunc(oldSpelling)
	o.addVolumeFlags(f)
	o.addAuditFlags(f)
	args, err := e.Parse()
	if err == nil {
		err = o.settle(f)
	}
	if err == nil {
		err = o.checkAudit(f)
	}
	if err != nil {
		return nil, err
	}
	if f.Changed("volume") {
		return o, o.checkVolume(f, args)
	}
	if o.image == "" && len(args) > 0 {
		o.image, args = args[0], args[1:]
	}
	if len(args) > 0 {
		return nil, cli.Usagef("unexpected argument %q", args[0])
	}
	if o.image == "-" && o.size == 0 {
		o.size = lengthOf(e.Stdin)
	}
	if f.Changed("source-format") && o.sourceFormat == "" {
		return nil, cli.Usagef("--source-format: the value is empty")
	}
	return o, o.check()
}

// oldSpelling takes --productcodes, as ec2-bundle-image has it, for --product-codes.
func oldSpelling(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if name == "productcodes" {
		name = "product-codes"
	}
	return pflag.NormalizedName(name)
}

// check tells what is missing or does not go together.
func (o *options) check() error {
	if o.image == "" {
		return cli.Usagef("which image? give a file, a block device, or - for standard input; --volume / bundles this machine's root")
	}
	if err := o.checkBundle(); err != nil {
		return err
	}
	if o.image == "-" && o.size <= 0 {
		return cli.Usagef("standard input needs --size: how long is the image?")
	}
	return o.checkFormat()
}

// checkBundle tells what is missing or does not go together for a bundle of any image.
func (o *options) checkBundle() error {
	switch {
	case o.cert == "":
		return cli.Usagef("-c CERT is needed: the owner's certificate (ami-keygen makes one)")
	case o.key == "":
		return cli.Usagef("-k KEY is needed: the private key that belongs to the certificate")
	case o.user == "":
		return cli.Usagef("-u ACCOUNT is needed: the owner's account, 12 digits")
	case o.destination == "" && o.to == "":
		return cli.Usagef("where to? give -d DIR or --to LOCATION")
	case o.destination != "" && o.to != "":
		return cli.Usagef("-d and --to exclude each other")
	case o.prefix == "":
		return cli.Usagef("-p: the name is empty")
	case o.partSize == 0:
		return cli.Usagef("--part-size 0: want 5M to 64M")
	case o.level == 0:
		return cli.Usagef("--compression-level 0: want 1 to 9")
	}
	return nil
}

// createOptions reads the keys and checks all that can be checked before any work is done.
func (o *options) createOptions(e *cli.Env) (*bundle.CreateOptions, error) {
	user, err := manifest.ParseUser(o.user)
	if err != nil {
		return nil, cli.Usagef("-u: %w", err)
	}
	if err := manifest.CheckArchitecture(o.arch); err != nil {
		return nil, cli.Usagef("-r: %w", err)
	}
	devices, err := parseMappings(o.mappings)
	if err != nil {
		return nil, err
	}
	key, ec2, err := o.readKeys(e)
	if err != nil {
		return nil, err
	}
	opts := &bundle.CreateOptions{
		Name: o.prefix, User: user, Key: key, EC2: ec2,
		Machine: manifest.Machine{
			Architecture: o.arch, BlockDevices: devices,
			KernelID: o.kernel, RamdiskID: o.ramdisk, ProductCodes: o.productCodes,
		},
		Bundler:  manifest.Bundler{Name: "amiforge", Version: cli.Version(), Release: "0"},
		PartSize: o.partSize, Level: o.level, Workers: o.jobs, Replace: o.force,
	}
	if err := opts.Check(); err != nil {
		return nil, cli.Usagef("%w", err)
	}
	return opts, nil
}

// refuseExisting refuses to overwrite a bundle before the image is looked at, which may take its time.
func (o *options) refuseExisting(ctx context.Context, e *cli.Env) error {
	st, _, err := o.openStore(ctx, e.StoreConfig())
	if err == nil {
		_, err = st.Stat(ctx, bundle.ManifestName(o.prefix))
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !o.force:
		return explain(fmt.Errorf("%s: %s: %w", st, bundle.ManifestName(o.prefix), bundle.ErrExist))
	}
	return err
}

// openDestination opens the store that the bundle goes to, and refuses one where it would replace what it is made from.
func (o *options) openDestination(ctx context.Context, e *cli.Env) (bundle.Store, store.Location, error) {
	cfg := e.StoreConfig()
	cfg.NoSync, cfg.Create = o.noSync, true
	st, loc, err := o.openStore(ctx, cfg)
	if err == nil {
		err = o.checkInputs(loc.Dir)
	}
	return st, loc, err
}

func (o *options) openStore(ctx context.Context, cfg store.Config) (bundle.Store, store.Location, error) {
	if o.to != "" {
		return cli.OpenStore(ctx, o.to, cfg)
	}
	if strings.Contains(o.destination, "://") {
		return nil, store.Location{}, cli.Usagef("-d is a directory; write --to %s", o.destination)
	}
	return cli.OpenStore(ctx, o.destination, cfg)
}

// A result is a bundle that was made.
type result struct {
	manifest *manifest.Manifest
	location string        // of the manifest
	volume   *volumeResult // that the image was made as, or nil
	report   string        // location of the report of its audit, if that was kept
}

func (made *result) print(e *cli.Env) error {
	im := &made.manifest.Image
	e.Verbosef("%d bytes in %d parts of %d bytes together", im.Size, len(im.Parts), im.BundledSize)
	r := map[string]any{
		"manifest": made.location, "size": im.Size, "bundledSize": im.BundledSize, "parts": len(im.Parts),
		"digest": im.Digest.String(), "architecture": made.manifest.Machine.Architecture, "user": im.User,
	}
	if made.volume != nil {
		r["volume"] = made.volume
	}
	if made.report != "" {
		r["auditReport"] = made.report
	}
	return e.Result(made.location, r)
}

// parseMappings reads VIRTUAL=DEVICE pairs.
func parseMappings(pairs []string) ([]manifest.BlockDevice, error) {
	var devices []manifest.BlockDevice
	for _, pair := range pairs {
		virtual, device, ok := strings.Cut(pair, "=")
		if !ok || virtual == "" || device == "" {
			return nil, cli.Usagef("-B %q: want VIRTUAL=DEVICE, such as ephemeral0=sdb", pair)
		}
		for _, d := range devices {
			if d.Virtual == virtual {
				return nil, cli.Usagef("-B: %s is mapped twice", virtual)
			}
		}
		devices = append(devices, manifest.BlockDevice{Virtual: virtual, Device: device})
	}
	return devices, nil
}
