package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"
)

type notThere struct{}

func (notThere) Error() string        { return "InvalidAMIID.NotFound: no ami-1" }
func (notThere) ErrorCode() string    { return "InvalidAMIID.NotFound" }
func (notThere) Is(target error) bool { return target == fs.ErrNotExist }

func TestResult(t *testing.T) {
	v := map[string]string{"location": "s3://b/<a>&b"}
	tests := []struct {
		name string
		json bool
		text string
		want string
	}{
		{"text", false, "s3://b/image", "s3://b/image\n"},
		{"no text", false, "", ""},
		{"JSON", true, "s3://b/image", `{"location":"s3://b/<a>&b"}` + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, stdout, stderr := newEnv()
			e.JSON = tt.json
			if err := e.Result(tt.text, v); err != nil {
				t.Fatal(err)
			}
			if stdout.String() != tt.want || stderr.Len() > 0 {
				t.Errorf("got %q and %q, want %q", stdout, stderr, tt.want)
			}
		})
	}
}

func TestReport(t *testing.T) {
	joined := fmt.Errorf("verify: %w", errors.Join(errors.New("part 1: bad"), errors.New("part 2: bad")))
	tests := []struct {
		name   string
		err    error
		stderr string
		json   string
	}{
		{"nothing", nil, "", ""},
		{"help", errHelped, "", ""},
		{"reader gone", fmt.Errorf("image: %w", errStdoutClosed), "", ""},
		{
			"one",
			errors.New("disk.raw: is empty"),
			"ami-test: disk.raw: is empty\n",
			`{"error":{"message":"disk.raw: is empty","status":1}}` + "\n",
		},
		{
			"joined", joined,
			"ami-test: verify: part 1: bad\nami-test: part 2: bad\n",
			`{"error":{"message":"verify: part 1: bad\npart 2: bad","status":1}}` + "\n",
		},
		{
			"usage", Usagef("-k is missing"),
			"ami-test: -k is missing\nami-test: run ami-test --help\n",
			`{"error":{"message":"-k is missing","status":2}}` + "\n",
		},
		{
			"with a code", fmt.Errorf("describe: %w", notThere{}),
			"ami-test: describe: InvalidAMIID.NotFound: no ami-1\n",
			`{"error":{"message":"describe: InvalidAMIID.NotFound: no ami-1","status":5,"code":"InvalidAMIID.NotFound"}}` + "\n",
		},
		{
			"interrupted",
			fmt.Errorf("%w; run it again to resume", interrupt{syscall.SIGINT}),
			"ami-test: interrupted; run it again to resume\n",
			`{"error":{"message":"interrupted; run it again to resume","status":130}}` + "\n",
		},
		{
			"terminal escapes", errors.New("server says \x1b[2J\r\u0085"),
			`ami-test: server says \x1b[2J\r\u0085` + "\n",
			`{"error":{"message":"server says \u001b[2J\r` + "\u0085" + `","status":1}}` + "\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, stdout, stderr := newEnv()
			e.report(tt.err)
			if stdout.Len() > 0 || stderr.String() != tt.stderr {
				t.Errorf("got %q and %q, want %q", stdout, stderr, tt.stderr)
			}
			e, stdout, stderr = newEnv()
			e.JSON = true
			e.report(tt.err)
			if stdout.String() != tt.json || stderr.String() != tt.stderr {
				t.Errorf("JSON: got %q and %q, want %q and %q", stdout, stderr, tt.json, tt.stderr)
			}
		})
	}
}

func TestOneJSONObject(t *testing.T) {
	e, stdout, stderr := newEnv()
	e.JSON = true
	if err := e.Result("", struct{}{}); err != nil {
		t.Fatal(err)
	}
	e.report(errors.New("close: disk full"))
	if stdout.String() != "{}\n" || stderr.String() != "ami-test: close: disk full\n" {
		t.Errorf("got %q and %q, want one object", stdout, stderr)
	}
}

func TestJSONThatCannotBe(t *testing.T) {
	e, stdout, _ := newEnv()
	e.JSON = true
	err := e.Result("", func() {})
	e.report(err)
	if want := `{"error":{"message":"result as JSON: json: unsupported type: func()","status":1}}` + "\n"; stdout.String() != want {
		t.Errorf("got %q", stdout)
	}
}

func TestMessages(t *testing.T) {
	tests := []struct {
		name           string
		quiet, verbose bool
		want           string
	}{
		{"plain", false, false, "ami-test: note\nami-test: warning: careful\n"},
		{"quiet", true, false, "ami-test: warning: careful\n"},
		{"verbose", false, true, "ami-test: note\nami-test: warning: careful\nami-test: detail\nami-test: more\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, stdout, stderr := newEnv()
			e.Quiet, e.Verbose = tt.quiet, tt.verbose
			e.Notef("%s", "note")
			e.Warnf("%s", "careful")
			e.Verbosef("detail\n%s\n", "more")
			if stdout.Len() > 0 || stderr.String() != tt.want {
				t.Errorf("got %q and %q, want %q", stdout, stderr, tt.want)
			}
		})
	}
}
