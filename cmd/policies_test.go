package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/internal/miniotest"
)

// A policyCase is one of examples/policies and what it is enough for. ID is the image registered last.
type policyCase struct {
	policy      string
	may, mayNot []string
}

// policyCases are in the order in which an image comes to be: each finds what those before it made.
func policyCases() []policyCase {
	return []policyCase{
		{
			policy: "upload.json",
			may: []string{
				"ami-upload -b BUCKET/bundles/web -m bundle/image.manifest.xml",
				"ami-upload -b BUCKET/bundles/web -m bundle/image.manifest.xml", // compares what is there
				"ami-bundle disk.raw --part-size 5M --to BUCKET/bundles/direct",
			},
			mayNot: []string{
				"ami-upload -b BUCKET/.registry/v1/images -m bundle/image.manifest.xml",
				"ami-register BUCKET/bundles/web/image.manifest.xml -n web-1",
				"ami-delete-bundle BUCKET/bundles/web/image.manifest.xml",
			},
		},
		{
			policy: "register.json",
			may: []string{
				"ami-register BUCKET/bundles/direct/image.manifest.xml -n old",
				"ami-deregister ID --registry BUCKET",
				"ami-register BUCKET/bundles/web/image.manifest.xml -n web-1 --verify",
				"ami-describe --registry BUCKET",
				"ami-describe ID --registry BUCKET",
			},
			mayNot: []string{
				"ami-upload -b BUCKET/bundles/other -m bundle/image.manifest.xml",
				"ami-delete-bundle BUCKET/bundles/web/image.manifest.xml",
			},
		},
		{
			policy: "read.json",
			may: []string{
				"ami-describe --registry BUCKET",
				"ami-describe ID --registry BUCKET",
				"ami-download BUCKET/bundles/web/image.manifest.xml -d back",
				"ami-unbundle BUCKET/bundles/web/image.manifest.xml -o restored.raw",
			},
			mayNot: []string{
				"ami-upload -b BUCKET/bundles/other -m bundle/image.manifest.xml",
				"ami-register BUCKET/bundles/web/image.manifest.xml -n web-2",
				"ami-deregister ID --registry BUCKET",
				"ami-delete-bundle BUCKET/bundles/web/image.manifest.xml",
			},
		},
	}
}

// TestPolicies shows that each policy of the examples is enough for what it is named for, and for no more.
func TestPolicies(t *testing.T) {
	server := miniotest.Start(t)
	bucket := server.NewBucket(t)
	b := newBench(t, server.Env()...)
	b.image("disk.raw", 12<<20)
	b.want(0, "ami-bundle", "disk.raw", "--part-size", "5M", "-d", "bundle")
	id := "ami-0123456789abcdef0"
	for _, tt := range policyCases() {
		who := b.limited(server, bucket, tt.policy)
		fields := func(command string) []string {
			return strings.Fields(strings.NewReplacer("BUCKET", "s3://"+bucket, "ID", id).Replace(command))
		}
		for _, command := range tt.may {
			e := who.want(0, fields(command)...)
			if strings.HasPrefix(command, "ami-register ") {
				id = strings.TrimSpace(e.stdout)
			}
		}
		for _, command := range tt.mayNot {
			if e := who.want(3, fields(command)...); !strings.Contains(e.stderr, "403 AccessDenied") {
				t.Errorf("%s: %s: it says %q", tt.policy, command, e.stderr)
			}
		}
	}
	b.same("disk.raw", "restored.raw")
}

// limited returns the bench as one who may do in the bucket what a policy of the examples allows.
func (b *bench) limited(server *miniotest.Server, bucket, policy string) *bench {
	b.Helper()
	text, err := os.ReadFile(filepath.Join(top, "examples", "policies", policy))
	if err != nil {
		b.Fatal(err)
	}
	session := server.Session(b, strings.ReplaceAll(string(text), "my-images", bucket))
	other := *b
	other.env = append(b.env[:len(b.env):len(b.env)], session.Env()...)
	return &other
}
