package instance

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiforge/manifest"
)

// serve plays the service with the items of metadata by their path.
func serve(t *testing.T, items map[string]string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/latest/api/token" && r.Method == http.MethodPut {
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
			fmt.Fprint(w, "token")
			return
		}
		text, ok := items[strings.TrimPrefix(r.URL.Path, "/latest/meta-data/")]
		switch {
		case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "token":
			w.WriteHeader(http.StatusUnauthorized)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		default:
			fmt.Fprint(w, text)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.URL)
}

func TestFetch(t *testing.T) {
	tests := []struct {
		name  string
		items map[string]string
		want  *Metadata
		fails string
	}{
		{name: "nothing", want: &Metadata{}},
		{
			name: "all",
			items: map[string]string{
				"ancestor-ami-ids": "ami-11111111\nami-22222222\n", "ami-id": "ami-33333333",
				"kernel-id": "aki-1", "ramdisk-id": "ari-1", "product-codes": "AB12\nCD34",
				"block-device-mapping/":           "ami\nebs1\nephemeral0\nroot\nswap",
				"block-device-mapping/ami":        "sda1",
				"block-device-mapping/ebs1":       "sdf",
				"block-device-mapping/ephemeral0": "/dev/sdb",
				"block-device-mapping/root":       "/dev/sda1",
				"block-device-mapping/swap":       "xvda3",
			},
			want: &Metadata{
				Ancestry: []string{"ami-11111111", "ami-22222222", "ami-33333333"},
				KernelID: "aki-1", RamdiskID: "ari-1", ProductCodes: []string{"AB12", "CD34"},
				BlockDevices: []manifest.BlockDevice{
					{Virtual: "ami", Device: "sda1"},
					{Virtual: "ephemeral0", Device: "/dev/sdb"},
					{Virtual: "root", Device: "/dev/sda1"},
					{Virtual: "swap", Device: "xvda3"},
				},
				Dropped: []string{`"ebs1": a volume of this instance, not of its image`},
			},
		},
		{
			name: "devices that no image may have",
			items: map[string]string{
				"block-device-mapping/":            "ami\n../../user-data\nephemeral100\nephemeral0\nephemeral1\nephemeral\nephemeral2",
				"block-device-mapping/ami":         "xvdal",
				"block-device-mapping/ephemeral0":  "/dev/../etc",
				"block-device-mapping/ephemeral1":  "",
				"block-device-mapping/ephemeral2":  "sdb100",
				"user-data":                        "secret",
				"block-device-mapping/ephemeral":   "sdb",
				"block-device-mapping/ephemeral00": "sdc",
			},
			want: &Metadata{Dropped: []string{
				`"../../user-data": not one of ami, root, swap and ephemeral0 to 99`,
				`ami="xvdal": that is no name of a device`,
				`"ephemeral": not one of ami, root, swap and ephemeral0 to 99`,
				`ephemeral0="/dev/../etc": that is no name of a device`,
				`ephemeral1="": that is no name of a device`,
				`"ephemeral100": not one of ami, root, swap and ephemeral0 to 99`,
				`ephemeral2="sdb100": that is no name of a device`,
			}},
		},
		{name: "a page in the place of an ID", items: map[string]string{"ami-id": "<html>log in</html>"}, fails: `ami-id is "<html>log", which is no ID`},
		{name: "no letters", items: map[string]string{"kernel-id": "-1"}, fails: "which is no ID"},
		{name: "a control character", items: map[string]string{"ramdisk-id": "ari-1\x1b[2J"}, fails: "which is no ID"},
		{name: "two IDs", items: map[string]string{"ami-id": "ami-1\nami-2"}, fails: "ami-id has 2 IDs"},
		{name: "too long", items: map[string]string{"product-codes": strings.Repeat("A\n", maxAnswer)}, fails: "longer than 16384 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			serve(t, tt.items)
			got, err := Fetch(t.Context())
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Errorf("%v, want %q", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if tt.want.ProductCodes == nil {
				tt.want.ProductCodes = got.ProductCodes
			}
			if len(got.Ancestry) == 0 {
				got.Ancestry = nil
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A service that does not answer is told from one that says no, in seconds. There is no fall-back to version 1.
func TestFetchUnreachable(t *testing.T) {
	refused := httptest.NewServer(http.NotFoundHandler())
	refused.Close()
	denied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			t.Error("version 1 was asked")
		}
		w.WriteHeader(http.StatusForbidden)
	}))
	defer denied.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, tt := range []struct {
		name, endpoint, disabled, says string
	}{
		{"refused", refused.URL, "", "connection refused"},
		{"silent", "http://" + silent.Addr().String(), "", "no instance metadata service answers"},
		{"switched off", denied.URL, "true", "AWS_EC2_METADATA_DISABLED is set"},
		{"denied", denied.URL, "", "StatusCode: 403"},
		{"no URL", "::", "", "no instance metadata service answers"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("AWS_EC2_METADATA_DISABLED", tt.disabled)
			t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", tt.endpoint)
			began := time.Now()
			_, err := Fetch(t.Context())
			if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, want %q", err, tt.says)
			}
			if took := time.Since(began); took > 2*patience {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestIsDevice(t *testing.T) {
	for s, want := range map[string]bool{
		"sda": true, "sda1": true, "/dev/sdb15": true, "xvdb": true, "hdc2": true,
		"": false, "/dev/": false, "sd": false, "sdA": false, "sda111": false, "xvdal": false, "nvme0n1": false,
		"/dev//sda": false, "sda1 ": false, "/dev/../sda": false, "sda\n": false, "mapper/root": false,
	} {
		if isDevice(s) != want {
			t.Errorf("%q: want %t", s, want)
		}
	}
}
