package audit

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"amiforge/internal/rootfs"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestSSHD compares what a configuration comes to with what sshd said.
func TestSSHD(t *testing.T) {
	files, err := filepath.Glob("testdata/sshd/*.txtar")
	if err != nil || len(files) < 20 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := sshdOf(archive).sshd()
			for _, line := range settings(archive.Comment) {
				words := strings.Fields(line)
				if got := c.forUser(words[0], words[1]); got != words[2] {
					t.Errorf("%s: got %s", line, got)
				}
			}
		})
	}
}

func sshdOf(archive *txtar.Archive) *run {
	tree := fstest.MapFS{"usr/sbin/sshd": &fstest.MapFile{Data: []byte("program")}}
	for _, f := range archive.Files {
		tree[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return &run{root: rootfs.New(tree), unread: map[string]string{}}
}

// forUser returns what counts for a user from the address of the vectors, which every Match Address is about.
func (c *sshdConfig) forUser(user, key string) string {
	standard := map[string]string{"permitrootlogin": "prohibit-password"}
	list := c.effective(key, "yes")
	if value := standard[key]; value != "" {
		list = c.effective(key, value)
	}
	for _, s := range list[1:] {
		if s.concerns(user) {
			return s.value()
		}
	}
	return list[0].value()
}

func TestParseSSHD(t *testing.T) {
	tests := []struct {
		line, key string
		args      []string
	}{
		{"UseDNS no", "usedns", []string{"no"}},
		{"  USEDNS=no  ", "usedns", []string{"no"}},
		{"usedns = no", "usedns", []string{"no"}},
		{`UseDNS "no"`, "usedns", []string{"no"}},
		{`UseDNS"no"`, "usedns", []string{"no"}},
		{"UseDNS\tno # yes", "usedns", []string{"no"}},
		{`Include "a b" 'c d' e\ f`, "include", []string{"a b", "c d", "e f"}},
		{`Include "a`, "include", []string{"a"}},
		{"UseDNS ", "", nil},
		{"UseDNS", "", nil},
		{"=x", "", nil},
		{"", "", nil},
		{"UseDNS =", "usedns", nil},
		{"SkeyAuthentication yes", "kbdinteractiveauthentication", []string{"yes"}},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			got := parseSSHD(tt.line)
			if got.key != tt.key {
				t.Errorf("got the key %q", got.key)
			}
			if diff := cmp.Diff(tt.args, got.args); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzSSHD(f *testing.F) {
	f.Add([]byte("Include *\nMatch all\nPermitRootLogin yes\n"))
	f.Add([]byte("Match User \"\nPermitRootLogin=\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := sshdOf(&txtar.Archive{Files: []txtar.File{{Name: "etc/ssh/sshd_config", Data: b}}}).sshd()
		for _, s := range c.effective("permitrootlogin", "no") {
			_ = s.value() + s.where()
		}
	})
}
