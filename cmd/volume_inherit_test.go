package cmd_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// onInstance returns a bench on an instance whose metadata service has items, by their paths under /latest/meta-data/.
func onInstance(t *testing.T, items map[string]string) *bench {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := items[strings.TrimPrefix(r.URL.Path, "/latest/meta-data/")]
		switch {
		case r.Method == http.MethodPut:
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
			fmt.Fprint(w, "token")
		case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "token":
			w.WriteHeader(http.StatusUnauthorized)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		default:
			fmt.Fprint(w, text)
		}
	}))
	t.Cleanup(server.Close)
	b := newBench(t, "AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_SERVICE_ENDPOINT="+server.URL)
	b.mkdir("tree")
	b.mkdir("tree/etc")
	return b
}

// TestInherit bundles on an instance that a metadata service tells of. What flags say wins.
func TestInherit(t *testing.T) {
	b := onInstance(t, map[string]string{
		"ancestor-ami-ids": "ami-11111111", "ami-id": "ami-22222222", "kernel-id": "aki-1", "ramdisk-id": "ari-1",
		"product-codes": "A", "block-device-mapping/": "ami\nebs1\nephemeral0", "block-device-mapping/ami": "sda1",
		"block-device-mapping/ephemeral0": "sdb", "block-device-mapping/ebs1": "sdf",
	})
	const ancestry = "<ancestry><ancestor_ami_id>ami-11111111</ancestor_ami_id><ancestor_ami_id>ami-22222222</ancestor_ami_id></ancestry>"
	for _, tt := range []struct {
		name       string
		args       []string
		want, lack []string
		notes      int
	}{
		{"all", []string{"--inherit"}, []string{
			ancestry, "<kernel_id>aki-1</kernel_id>", "<ramdisk_id>ari-1</ramdisk_id>", "<product_code>A</product_code>",
			"<virtual>ephemeral0</virtual><device>sdb</device>",
		}, []string{"ebs1"}, 1},
		{"flags", []string{"--inherit", "--kernel", "aki-9", "--productcodes", "B", "-B", "root=sda"}, []string{
			ancestry, "aki-9", "ari-1", "<product_code>B</product_code>", "<device>sda</device>",
		}, []string{"aki-1", "<product_code>A", "ephemeral0"}, 1},
		{"none", nil, nil, []string{"ami-", "aki-1", "ephemeral0"}, 0},
		{"not wanted", []string{"--no-inherit"}, nil, []string{"ami-", "aki-1"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := b.want(0, append([]string{"ami-bundle", "--volume", "tree", "-d", "out", "--force"}, tt.args...)...)
			if n := strings.Count(e.stderr, "\n"); n != tt.notes {
				t.Errorf("%d messages, want %d:\n%s", n, tt.notes, e.stderr)
			}
			text := b.want(0, "cat", "out/image.manifest.xml").stdout
			for _, s := range tt.want {
				if !strings.Contains(text, s) {
					t.Errorf("%s is missing in %s", s, text)
				}
			}
			for _, s := range tt.lack {
				if strings.Contains(text, s) {
					t.Errorf("%s is in %s", s, text)
				}
			}
		})
	}
}

// TestInheritHostile meets a service whose answer is no ID, as a proxy's page is not.
func TestInheritHostile(t *testing.T) {
	b := onInstance(t, map[string]string{"ami-id": "<html>"})
	e := b.want(1, "ami-bundle", "--volume", "tree", "-d", "new", "--inherit")
	if !strings.Contains(e.stderr, "ami-id is \"<html>\", which is no ID") || b.exists("new") {
		t.Error(e.stderr)
	}
}
