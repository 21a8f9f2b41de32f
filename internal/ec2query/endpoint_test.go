package ec2query

import (
	"os"
	"path/filepath"
	"testing"
)

func TestEndpoint(t *testing.T) {
	profile := filepath.Join(t.TempDir(), "config")
	text := "[default]\nservices = l\nendpoint_url = http://profile\n[services l]\nec2 =\n  endpoint_url = http://profile-ec2\n"
	if err := os.WriteFile(profile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, region, given string
		env                 map[string]string
		want, wantErr       string
	}{
		{name: "AWS", region: "eu-west-1", want: "https://ec2.eu-west-1.amazonaws.com/"},
		{name: "China", region: "cn-north-1", want: "https://ec2.cn-north-1.amazonaws.com.cn/"},
		{name: "all services", region: "r", env: map[string]string{"AWS_ENDPOINT_URL": "http://all"}, want: "http://all/"},
		{name: "EC2", region: "r", env: map[string]string{"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_EC2": "http://ec2/path"}, want: "http://ec2/path"},
		{name: "given", region: "r", given: "https://given:8443", env: map[string]string{"AWS_ENDPOINT_URL_EC2": "http://ec2"}, want: "https://given:8443/"},
		{name: "ignored", region: "r", env: map[string]string{"AWS_ENDPOINT_URL": "http://all", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, want: "https://ec2.r.amazonaws.com/"},
		{name: "profile", region: "r", env: map[string]string{"AWS_CONFIG_FILE": profile}, want: "http://profile-ec2/"},
		{name: "environment before profile", region: "r", env: map[string]string{"AWS_CONFIG_FILE": profile, "AWS_ENDPOINT_URL": "http://all"}, want: "http://all/"},
		{name: "no region", wantErr: "ec2: no region is given"},
		{name: "host in region", region: "evil.example/", wantErr: `ec2: region "evil.example/" is not one of AWS`},
		{name: "no URL", region: "r", given: "localhost:5000", wantErr: `ec2: endpoint "localhost:5000" is not a URL with http:// or https://`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			setEnvironment(t)
			t.Setenv("AWS_REGION", "")
			for name, value := range tt.env {
				t.Setenv(name, value)
			}
			c, err := NewClient(t.Context(), tt.region, &Options{Endpoint: tt.given})
			switch {
			case tt.wantErr != "":
				if err == nil || err.Error() != tt.wantErr {
					t.Errorf("got %v, want %s", err, tt.wantErr)
				}
			case err != nil:
				t.Error(err)
			case c.endpoint != tt.want:
				t.Errorf("got %s, want %s", c.endpoint, tt.want)
			}
		})
	}
}
