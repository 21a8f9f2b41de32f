// Ami-modify changes an image: who may launch it, what it says of itself and how long it lives.
package main

import (
	"context"

	"amiforge/internal/auditing"
	"amiforge/internal/cli"
	"amiforge/internal/store"
)

const usage = `Usage:
  ami-modify ID CHANGE… [OPTION]…
  ami-modify --block-public-access on|off|show --account ACCOUNT [--region REGION]
  ami-modify --sweep [--dry-run]

Changes an image of one's own. All changes of one command are made, or none (of ec2://
EC2 judges each by itself). Prints nothing; with --json the image as ami-describe ID
shows it.

Who may launch it, besides its owner:
      --public, --private       everybody, or not everybody: other shares stay
      --add-user ACCOUNT[,…], --remove-user ACCOUNT[,…]
      --add-org ARN[,…], --remove-org ARN[,…]   all accounts of an organization
      --add-ou ARN[,…], --remove-ou ARN[,…]     or of one of its units

Before --public the image is audited as by ami-audit, and errors keep it from being so:
  -k, --privatekey KEY          private key that opens its bundle (default:
                                EC2_PRIVATE_KEY)
  -c, --cert CERT               certificate of the owner, whose signature is expected
                                (default: that of KEY; needed with the service's key)
  -s, --source LOCATION         where the parts are, if not beside the manifest
      --allow-unsigned          accept a manifest without signature
` + auditing.GateUsage + `
What it says of itself:
      --description TEXT        up to 255 characters; "" for none
      --tag KEY=VALUE, --untag KEY              may be repeated
      --launched[=TIME]         it was launched (default: now)

How long it lives:
      --deprecate-at TIME       from when on others do not find it any more
      --undeprecate             never
      --protect[=cooldown]      it cannot be deregistered until --unprotect, with cooldown
                                nor in the 24 hours after that
      --unprotect
      --disable, --enable       nobody can launch it, and it is shared with nobody; or
                                back, without the shares

      --block-public-access on|off|show
                                keep the account's images in the region from being made
                                public (on is the default), or not; or print the state:
                                block-new-sharing or unblocked. Public ones stay public
      --sweep                   take the share with everybody from those public images
                                that are deprecated and were not launched for six months,
                                and print their IDs; the administrator's are all accounts
      --dry-run                 check everything, change nothing
` + cli.RegistryUsage + `
TIME is 2027-01-31, 2027-01-31T12:00 (both in UTC), RFC 3339 with its zone, or how long
from now: 90d, 36h. The registry is --registry, that of the region, or AMI_REGISTRY.

A public image is deprecated two years after its creation at the latest. One with
encrypted volumes or product codes cannot be public.

Examples:
  ami-modify ami-0123456789abcdef0 --add-user 111122223333,444455556666 --tag role=web
  ami-modify --block-public-access off --account 123456789012 --region us-east-1
  ami-modify ami-0123456789abcdef0 --public -k keys/pk.pem --deprecate-at 90d
`

func main() { cli.Main(usage, run) }

func run(ctx context.Context, e *cli.Env) error {
	o, err := parse(e)
	if err != nil {
		return err
	}
	by, err := e.Caller()
	if err != nil {
		return err
	}
	engine, location, err := e.OpenRegistry(ctx, store.Location{})
	if err != nil {
		return err
	}
	defer engine.Close()
	switch {
	case o.block != "":
		account, err := settingOf(location, by)
		if err != nil {
			return err
		}
		return e.DryRunPassed(blockPublicAccess(ctx, e, engine, account, o.block))
	case o.sweep:
		return sweep(ctx, e, engine, by)
	default:
		return e.DryRunPassed(o.modify(ctx, e, engine, by))
	}
}
