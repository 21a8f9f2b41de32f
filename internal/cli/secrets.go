package cli

import "github.com/spf13/pflag"

// secretFlags are those by which the EC2 tools take keys. They are known here only to be refused.
func secretFlags() map[string]string {
	return map[string]string{"access-key": "a", "secret-key": "s", "delegation-token": "t"}
}

// secretsAdvice is the answer to them.
const secretsAdvice = `keys on the command line can be read by every user of the machine.
Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) instead, or give the machine a role.`

// AddSecrets adds -a, -s and -t, for RefuseSecrets.
func AddSecrets(f *pflag.FlagSet) {
	for name, short := range secretFlags() {
		f.StringP(name, short, "", "")
	}
}

// RefuseSecrets is a usage error if a key stands on the command line. more is added to its advice.
func RefuseSecrets(f *pflag.FlagSet, more string) error {
	for name := range secretFlags() {
		if f.Changed(name) {
			return Usagef("%s%s", secretsAdvice, more)
		}
	}
	return nil
}
