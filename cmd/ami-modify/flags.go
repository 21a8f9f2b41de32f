package main

import (
	"slices"
	"time"

	"github.com/spf13/pflag"

	"amiforge/internal/auditing"
	"amiforge/internal/cli"
	"amiforge/internal/registry"
)

// now is what --launched means without a value.
const now = "now"

type options struct {
	id string

	public, private         bool
	addUsers, removeUsers   []string
	addOrgs, removeOrgs     []string
	addUnits, removeUnits   []string
	description             string
	tags, untags            []string
	launched, deprecateAt   string
	undeprecate             bool
	protect                 string
	unprotect               bool
	disable, enable         bool
	launchTime, deprecation time.Time // what launched and deprecateAt say

	gate auditing.Gate // before public

	block string
	sweep bool

	flags *pflag.FlagSet
}

func parse(e *cli.Env) (*options, error) {
	e.AddRegistryFlags(true)
	o := &options{flags: e.Flags()}
	o.addShareFlags()
	o.addLifeFlags()
	o.gate.Opening.AddFlags(o.flags)
	o.gate.AddFlags(o.flags)
	o.flags.StringVar(&o.block, "block-public-access", "", "")
	o.flags.BoolVar(&o.sweep, "sweep", false, "")
	args, err := e.Parse()
	if err != nil {
		return nil, err
	}
	args = o.takeLaunchTime(args)
	withoutDashes(o.addUsers)
	withoutDashes(o.removeUsers)
	if len(args) > 0 {
		o.id = args[0]
	}
	if err := o.validate(args); err != nil {
		return nil, err
	}
	return o, o.gate.Validate(e, o.flags, o.public)
}

func (o *options) addShareFlags() {
	f := o.flags
	f.BoolVar(&o.public, "public", false, "")
	f.BoolVar(&o.private, "private", false, "")
	f.StringSliceVar(&o.addUsers, "add-user", nil, "")
	f.StringSliceVar(&o.removeUsers, "remove-user", nil, "")
	f.StringSliceVar(&o.addOrgs, "add-org", nil, "")
	f.StringSliceVar(&o.removeOrgs, "remove-org", nil, "")
	f.StringSliceVar(&o.addUnits, "add-ou", nil, "")
	f.StringSliceVar(&o.removeUnits, "remove-ou", nil, "")
}

func (o *options) addLifeFlags() {
	f := o.flags
	f.StringVar(&o.description, "description", "", "")
	f.StringArrayVar(&o.tags, "tag", nil, "")
	f.StringArrayVar(&o.untags, "untag", nil, "")
	f.StringVar(&o.launched, "launched", "", "")
	f.StringVar(&o.deprecateAt, "deprecate-at", "", "")
	f.BoolVar(&o.undeprecate, "undeprecate", false, "")
	f.StringVar(&o.protect, "protect", "", "")
	f.BoolVar(&o.unprotect, "unprotect", false, "")
	f.BoolVar(&o.disable, "disable", false, "")
	f.BoolVar(&o.enable, "enable", false, "")
	f.Lookup("launched").NoOptDefVal = now
	f.Lookup("protect").NoOptDefVal = string(registry.Protected)
}

// changeFlags are the flags that change the image whose ID is given.
func changeFlags() []string {
	return []string{
		"public", "private", "add-user", "remove-user", "add-org", "remove-org", "add-ou", "remove-ou",
		"description", "tag", "untag", "launched", "deprecate-at", "undeprecate", "protect", "unprotect",
		"disable", "enable",
	}
}

// given reports whether a flag says something. --public=false does not.
func (o *options) given(name string) bool {
	return o.flags.Changed(name) && o.flags.Lookup(name).Value.String() != "false"
}

// takeLaunchTime takes the time out of the arguments that follows --launched as a word of its own. The flag parser
// cannot: the value is optional.
func (o *options) takeLaunchTime(args []string) []string {
	isTime := func(arg string) bool {
		_, err := cli.ParseTime(arg, time.Now())
		return err == nil
	}
	at := slices.IndexFunc(args, isTime)
	if o.launched != now || len(args) != 2 || at < 0 {
		return args
	}
	o.launched = args[at]
	return slices.Delete(args, at, at+1)
}

// validate tells what is missing or does not go together.
func (o *options) validate(args []string) error {
	if err := o.validateMode(args); err != nil {
		return err
	}
	if err := o.validateWords(); err != nil {
		return err
	}
	if err := o.contradiction(); err != nil {
		return err
	}
	return o.parseTimes()
}

func (o *options) parseTimes() (err error) {
	at := time.Now()
	if o.launchTime = at; o.given("launched") && o.launched != now {
		if o.launchTime, err = cli.ParseTime(o.launched, at); err != nil {
			return cli.Usagef("--launched %q: %w", o.launched, err)
		}
	}
	if o.given("deprecate-at") {
		if o.deprecation, err = cli.ParseTime(o.deprecateAt, at); err != nil {
			return cli.Usagef("--deprecate-at %q: %w", o.deprecateAt, err)
		}
	}
	return nil
}
