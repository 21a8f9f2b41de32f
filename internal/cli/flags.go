package cli

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

const commonUsage = `Common options:
      --region REGION      region of the image, and of the store where no regions file says it
      --endpoint-url URL   S3 endpoint, instead of AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or AWS
      --profile NAME       profile of the AWS configuration files
      --registry LOCATION  registry: a directory, s3://, postgres:// or ec2://, instead of AMI_REGISTRY
      --json               print one JSON object, errors included
  -q, --quiet              no notes and no progress
      --verbose            say more
      --batch              accepted for old scripts: nothing here ever prompts
      --version            print the version
  -h, --help               print this
`

// Flags returns the flags of the binary, which begin with those that all binaries have. The binary adds its
// own before it calls Parse.
func (e *Env) Flags() *pflag.FlagSet {
	if e.flags == nil {
		e.flags = pflag.NewFlagSet(e.Name, pflag.ContinueOnError)
		e.flags.SetOutput(io.Discard)
		e.addCommon(e.flags)
	}
	return e.flags
}

func (e *Env) addCommon(f *pflag.FlagSet) {
	f.StringVar(&e.Region, "region", "", "")
	f.StringVar(&e.Endpoint, "endpoint-url", "", "")
	f.StringVar(&e.Profile, "profile", "", "")
	f.StringVar(&e.Registry, "registry", "", "")
	f.BoolVar(&e.JSON, "json", false, "")
	f.BoolVarP(&e.Quiet, "quiet", "q", false, "")
	f.BoolVar(&e.Verbose, "verbose", false, "")
	f.Bool("batch", false, "")
	f.BoolVar(&e.wantVersion, "version", false, "")
	f.BoolVarP(&e.wantHelp, "help", "h", false, "")
}

// Parse reads Args into the flags and returns the positional arguments, which may stand among the flags.
// Its errors are usage errors, except for --help and --version: they are done with when it returns, and the
// error that it returns to end the command counts as success.
func (e *Env) Parse() (args []string, err error) {
	f := e.Flags()
	if err := f.Parse(e.Args); err != nil {
		// The parser stopped before it came to a --json further on, and the error is to be JSON all the same.
		e.JSON = e.JSON || slices.Contains(e.Args, "--json")
		return nil, flagError(f, err)
	}
	switch {
	case e.wantHelp:
		return nil, e.help()
	case e.wantVersion:
		return nil, e.answer(e.Name + " " + Version() + "\n")
	}
	if !f.Changed("registry") {
		e.Registry = e.getenv("AMI_REGISTRY")
	}
	return f.Args(), nil
}

func (e *Env) help() error {
	return e.answer(strings.TrimSpace(e.usage) + "\n\n" + commonUsage + "\n" + exitTable())
}

// answer prints what the user asked for in place of the command's work.
func (e *Env) answer(text string) error {
	if err := e.print(text); err != nil {
		return err
	}
	return errHelped
}
