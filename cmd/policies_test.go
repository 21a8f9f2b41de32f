package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/internal/miniotest"
)

// A policyCase is one of examples/policies, or several, and what it is enough for. ID is the image registered last.
type policyCase struct {
	policy      string // file names
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
				"ami-modify ID --registry BUCKET --tag role=web --add-user 111122223333",
				"ami-modify --sweep --registry BUCKET",
				"ami-register --probe --registry BUCKET",
			},
			mayNot: []string{
				"ami-upload -b BUCKET/bundles/other -m bundle/image.manifest.xml",
				"ami-copy ID --registry BUCKET --to BUCKET/bundles -n web-copy",
				"ami-delete-bundle BUCKET/bundles/web/image.manifest.xml",
			},
		},
		{
			policy: "upload.json register.json",
			may:    []string{"ami-copy ID --registry BUCKET --to BUCKET/bundles -n web-2"},
			mayNot: []string{"ami-copy ID --registry BUCKET --to BUCKET/elsewhere -n web-3"},
		},
		{
			policy: "read.json",
			may: []string{
				"ami-describe --registry BUCKET",
				"ami-describe ID --registry BUCKET",
				"ami-download BUCKET/bundles/web/image.manifest.xml -d back",
				"ami-unbundle BUCKET/bundles/web/image.manifest.xml -o restored.raw",
				"ami-export ID --registry BUCKET -o exported.raw",
			},
			mayNot: []string{
				"ami-upload -b BUCKET/bundles/other -m bundle/image.manifest.xml",
				"ami-register BUCKET/bundles/web/image.manifest.xml -n web-4",
				"ami-modify ID --registry BUCKET --untag role",
				"ami-deregister ID --registry BUCKET",
				"ami-delete-bundle BUCKET/bundles/web/image.manifest.xml",
			},
		},
	}
}

type policy struct {
	Version   string
	Statement []map[string]any
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
			if strings.HasPrefix(e.stdout, "ami-") {
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

// limited returns the bench as one who may do in the bucket what policies of the examples allow.
func (b *bench) limited(server *miniotest.Server, bucket, policies string) *bench {
	b.Helper()
	all := policy{Version: "2012-10-17"}
	for _, name := range strings.Fields(policies) {
		text, err := os.ReadFile(filepath.Join(top, "examples", "policies", name))
		if err != nil {
			b.Fatal(err)
		}
		var one policy
		if err := json.Unmarshal(text, &one); err != nil {
			b.Fatalf("%s: %v", name, err)
		}
		all.Statement = append(all.Statement, one.Statement...)
	}
	for i := range all.Statement { // in several policies they may share a name, in one they must not
		all.Statement[i]["Sid"] = fmt.Sprint("S", i)
	}
	text, err := json.Marshal(all)
	if err != nil {
		b.Fatal(err)
	}
	session := server.Session(b, strings.ReplaceAll(string(text), "my-images", bucket))
	other := *b
	other.env = append(b.env[:len(b.env):len(b.env)], session.Env()...)
	return &other
}
