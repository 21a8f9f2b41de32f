// Ami-export writes the disk of an image, a bundle or a disk file as RAW, VHD or VMDK, and looks at such files.
package main

import (
	"context"

	"amiforge/internal/cli"
)

const usage = `Usage:
  ami-export SOURCE -o OUTPUT [-f raw|vhd|vmdk] [OPTION]…
  ami-export --info FILE
  ami-export --check FILE
  ami-export --compare SOURCE SOURCE

Writes the disk of SOURCE as a disk image that hypervisors and clouds take. SOURCE is
a disk file (RAW, VHD or VMDK), a block device, the manifest of a bundle (a file or
s3://bucket/prefix/image.manifest.xml) or an AMI ID. The content of a bundle is
verified while it is read, and takes no room on the way. Prints where the image is.

  -o, --output OUTPUT      a file, a block device (with --force), - for standard output,
                           or s3://bucket/key. In a directory or prefix that ends in /
                           it is called NAME.raw, NAME.vhd or NAME.vmdk, NAME being the
                           AMI ID, the bundle's name or that of the file
  -f, --format FORMAT      raw, vhd or vmdk (default: what OUTPUT's suffix says; .img is
                           raw)
      --subformat NAME     of vhd: dynamic (default) or fixed; of vmdk: streamOptimized
                           (default) or monolithicSparse
      --for WHOM           the format that azure, aws, esx, hyperv, xen or virtualbox
                           takes, and its alignment
      --align SIZE         pad the disk with zeros to a multiple of SIZE
      --resize [+]SIZE     make the disk SIZE long, or longer by it; its file systems stay
                           as they are
      --partition KIND     mbr or gpt: SOURCE is a bare file system, which becomes the
                           disk's one partition (there is no boot loader)
      --sha256             print the SHA-256 of the disk's content, too, in a line "sha256
                           of the content: DIGEST": that of the image as raw, whatever
                           its format, and not of the file. With -o - it goes to
                           standard error
      --compression-level N, --level N
                           of streamOptimized: 1 (fastest) to 9 (smallest) (default: 6)
  -j, --jobs N             processors to compress with (default: all)
      --no-sync            do not wait for the disk
      --force              overwrite OUTPUT

  -k, --privatekey KEY     bundles: private key that opens it (default: EC2_PRIVATE_KEY)
  -c, --cert CERT          certificate of the owner, whose signature is expected
                           (default: that of KEY; needed with the service's key)
  -s, --source LOCATION    where the parts are, if not beside the manifest
      --allow-unsigned     accept a manifest without signature
      --source-format FMT  raw, vhd or vmdk: what a disk file must be. With raw it is
                           taken as it is, whatever is in it (in a bundle it always is)
      --max-size SIZE      refuse a disk that claims to be larger (default for bundles:
                           1T; disk files are bounded only if it is given)

      --info               describe a disk file: format, sizes, partitions, file systems
                           and how it boots
      --check              look at the structure of a disk file; exit 4 if it is damaged
      --compare            tell whether two disks have the same content; exit 4 and the
                           first difference if not. What one has beyond the other's end
                           must be zero

With SOURCE_DATE_EPOCH set, the same disk under the same name is the same file: times
and identifiers in it come from that, else from the clock and from chance.

Examples:
  ami-export disk.raw -o web.vmdk
  ami-export s3://bucket/web/image.manifest.xml -k keys/pk.pem --for azure -o web.vhd
  ami-export ami-0123456789abcdef0 -k keys/pk.pem -f vmdk -o - > web.vmdk
  ami-export ami-0123456789abcdef0 -k keys/pk.pem -f raw -o s3://vm-bucket/exports/
  ami-export --compare disk.raw web.vmdk
`

func main() { cli.Main(usage, run) }

func run(ctx context.Context, e *cli.Env) error {
	o, err := parse(e)
	if err != nil {
		return err
	}
	switch {
	case o.info:
		return o.runInfo(e)
	case o.check:
		return o.runCheck(ctx, e)
	case o.compare:
		return o.runCompare(ctx, e)
	}
	return o.runExport(ctx, e)
}
