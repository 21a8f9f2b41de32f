package cli

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// newEnv returns an Env whose output a test can read.
func newEnv(args ...string) (e *Env, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	return &Env{
		Name:   "ami-test",
		Args:   args,
		Stdout: stdout,
		Stderr: stderr,
		Getenv: func(string) string { return "" },
		usage:  "\nUsage: ami-test FILE\n",
	}, stdout, stderr
}

func TestParse(t *testing.T) {
	e, stdout, stderr := newEnv("a", "--region=eu-1", "-q", "b", "--endpoint-url", "http://x", "--json", "--profile", "p",
		"--registry", "dir", "--verbose", "--batch", "-n3", "--", "--c")
	n := e.Flags().IntP("number", "n", 1, "")
	args, err := e.Parse()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "--c"}, args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	got := []any{e.Region, e.Endpoint, e.Profile, e.Registry, e.JSON, e.Quiet, e.Verbose, *n}
	if diff := cmp.Diff([]any{"eu-1", "http://x", "p", "dir", true, true, true, 3}, got); diff != "" {
		t.Errorf("flags (-want +got):\n%s", diff)
	}
	if stdout.Len()+stderr.Len() > 0 {
		t.Errorf("printed %q and %q", stdout, stderr)
	}
}

func TestParseRegistry(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"from the environment", nil, "s3://env"},
		{"from the flag", []string{"--registry", "dir"}, "dir"},
		{"unset by the flag", []string{"--registry="}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, _, _ := newEnv(tt.args...)
			e.Getenv = func(name string) string { return map[string]string{"AMI_REGISTRY": "s3://env"}[name] }
			if _, err := e.Parse(); err != nil || e.Registry != tt.want {
				t.Errorf("got %q, %v, want %q", e.Registry, err, tt.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		args string
		want string
	}{
		{"--bogus", "unknown flag --bogus"},
		{"--bogus=SECRET", "unknown flag --bogus"},
		{"--regoin eu", "unknown flag --regoin; did you mean --region?"},
		{"--endpoint http://x", "unknown flag --endpoint; did you mean --endpoint-url?"},
		{"--endpoint_url=http://x", "unknown flag --endpoint_url; did you mean --endpoint-url?"},
		{"--reg x", "unknown flag --reg"},
		{"--url=http://x", "unknown flag --url; here it is --endpoint-url"},
		{"-U http://x", "unknown flag -U; here it is --endpoint-url"},
		{"-Uhttp://x", "unknown flag -U; here it is --endpoint-url"},
		{"--debug", "unknown flag --debug; here it is --verbose"},
		{"--jsno", "unknown flag --jsno"},
		{"--qiet", "unknown flag --qiet; did you mean --quiet?"},
		{"-sSECRET", "unknown flag -s"},
		{"-qs", "unknown flag -s"},
		{"-region eu", "unknown flag -region; did you mean --region?"},
		{"-region=eu", "unknown flag -region; did you mean --region?"},
		{"--region", "--region needs a value"},
		{"-n", "-n/--number needs a value"},
		{"-n x", `-n/--number "x": not a whole number`},
		{"-n 99999999999999999999", `-n/--number "99999999999999999999": out of range`},
		{"--json=maybe", `--json "maybe": neither true nor false`},
		{"--size 10X", `--size "10X": not a size: want a whole number of bytes, or one with K, M, G or T behind it`},
		{"---json", "---json is not a flag"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			e, _, _ := newEnv(strings.Fields(tt.args)...)
			e.Flags().IntP("number", "n", 1, "")
			var size int64
			SizeVar(e.Flags(), &size, "size", "", 0, "")
			_, err := e.Parse()
			if err == nil || err.Error() != tt.want || Status(err) != StatusUsage {
				t.Errorf("got %v, status %d, want %s", err, Status(err), tt.want)
			}
		})
	}
}

func TestParseJSONBehindTheError(t *testing.T) {
	e, _, _ := newEnv("--bogus", "--json")
	if _, err := e.Parse(); err == nil || !e.JSON {
		t.Errorf("got %v, JSON %v, want an error as JSON", err, e.JSON)
	}
}

func TestHelp(t *testing.T) {
	for _, flag := range []string{"-h", "--help"} {
		t.Run(flag, func(t *testing.T) {
			e, stdout, stderr := newEnv(flag)
			_, err := e.Parse()
			e.report(err)
			if !errors.Is(err, errHelped) || stderr.Len() > 0 {
				t.Errorf("got %v and %q", err, stderr)
			}
			if want := "Usage: ami-test FILE\n\n" + commonUsage + "\n" + exitTable(); stdout.String() != want {
				t.Errorf("got %s", stdout)
			}
		})
	}
}

func TestHelpNamesEveryCommonFlag(t *testing.T) {
	e, _, _ := newEnv()
	words := strings.Fields(commonUsage)
	e.Flags().VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(words, "--"+f.Name) {
			t.Errorf("--%s is not in the usage", f.Name)
		}
		if f.Shorthand != "" && !slices.Contains(words, "-"+f.Shorthand+",") {
			t.Errorf("-%s is not in the usage", f.Shorthand)
		}
	})
}

func TestVersion(t *testing.T) {
	e, stdout, _ := newEnv("--version")
	if _, err := e.Parse(); !errors.Is(err, errHelped) {
		t.Errorf("got %v", err)
	}
	if want := "ami-test " + Version() + "\n"; stdout.String() != want || Version() == "" {
		t.Errorf("got %q, want %q", stdout, want)
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"region", "region", 0},
		{"regin", "region", 1},
		{"rregion", "region", 1},
		{"regiom", "region", 1},
		{"regoin", "region", 2},
		{"kitten", "sitting", 3},
	}
	for _, tt := range tests {
		t.Run(tt.a+"-"+tt.b, func(t *testing.T) {
			if got := distance(tt.a, tt.b); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestStoreConfig(t *testing.T) {
	e, _, _ := newEnv("--endpoint-url", "http://x", "--region", "eu-1", "--profile", "p")
	e.Getenv = func(name string) string { return "value of " + name }
	if _, err := e.Parse(); err != nil {
		t.Fatal(err)
	}
	c := e.StoreConfig()
	got := []string{c.Endpoint, c.Region, c.Profile, c.UserAgent, c.Getenv("X")}
	want := []string{"http://x", "eu-1", "p", "ami-test/" + Version(), "value of X"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
