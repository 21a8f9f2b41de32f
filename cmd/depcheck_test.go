package cmd_test

import (
	"slices"
	"strings"
	"testing"
)

const module = "amiforge"

// A rule forbids the packages that it is about to import some others. Both are directories of the project, or
// import paths of others; one ends in /... to include what lies below.
type rule struct {
	in     []string // the packages that the rule is about
	except []string // but not these
	tests  bool     // it holds for their tests too
	never  []string // what they never import
	unless []string // but for these
	alone  bool     // they import the standard library only
	why    string
}

func importRules() []rule {
	return []rule{
		{
			in:    []string{"manifest"},
			alone: true,
			why:   "manifest stands on the standard library alone",
		},
		{
			in:     []string{"bundle", "bundle/..."},
			never:  []string{module + "/diskimg/...", module + "/internal/...", module + "/cmd/..."},
			unless: []string{module + "/internal/sparse"},
			why:    "bundle knows streams and stores; it imports manifest, internal/sparse and nothing else of ours",
		},
		{
			in:     []string{"diskimg/..."},
			never:  []string{module + "/bundle/...", module + "/manifest/...", module + "/internal/...", module + "/cmd/..."},
			unless: []string{module + "/internal/sparse"},
			why:    "diskimg knows disk images and nothing of bundles",
		},
		{
			in:     []string{"internal/sparse"},
			alone:  true,
			unless: []string{"golang.org/x/sys/unix"},
			why:    "internal/sparse is what bundle and diskimg stand on; it takes of others only the system's calls",
		},
		{
			in:     []string{"..."},
			except: []string{"diskimg/partition"},
			never:  []string{"github.com/diskfs/go-diskfs/..."},
			why:    "go-diskfs is behind diskimg/partition, in one file",
		},
		{
			in:     []string{"..."},
			except: []string{"internal/store/..."},
			never:  []string{"github.com/minio/minio-go/..."},
			why:    "internal/store is the only importer of minio-go: use it through bundle.Store",
		},
		{
			in:     []string{"..."},
			except: []string{"internal/pgkeys"},
			tests:  true,
			never:  []string{"github.com/jackc/..."},
			why:    "internal/pgkeys is the only importer of pgx",
		},
		{
			in:    []string{"internal/pgkeys"},
			never: []string{module + "/internal/registry/...", module + "/internal/cli/...", module + "/diskimg/..."},
			why:   "internal/pgkeys lies below the registry and knows nothing of images",
		},
		{
			in:     []string{"..."},
			except: []string{"internal/ec2query", "internal/instance"},
			tests:  true,
			never:  []string{"github.com/aws/aws-sdk-go-v2/..."},
			why:    "internal/ec2query and internal/instance are the only importers of the AWS SDK",
		},
		{
			in:    []string{"internal/instance"},
			tests: true,
			never: []string{"github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/service/...", module + "/internal/..."},
			why:   "internal/instance asks the metadata service, and needs of the AWS SDK nothing else",
		},
		{
			in:    []string{"internal/ec2query"},
			tests: true,
			never: []string{"github.com/aws/aws-sdk-go-v2/service/...", module + "/..."},
			why:   "internal/ec2query takes of the AWS SDK its core only (service/ec2 needs gigabytes to compile), and nothing of ours",
		},
		{
			in:     []string{"..."},
			except: []string{"internal/ec2query", "internal/registry"},
			tests:  true,
			never:  []string{module + "/internal/ec2query"},
			why:    "EC2 is one of the engines of internal/registry: use it through registry.Engine",
		},
		{
			in:    []string{"internal/clean"},
			never: []string{module + "/bundle/...", module + "/manifest", module + "/internal/registry/...", module + "/internal/store/..."},
			why:   "internal/clean copies disks, wherever they are from",
		},
		{
			in:    []string{"internal/secret", "internal/rpmdb"},
			alone: true,
			why:   "they look at bytes and need the standard library only",
		},
		{
			in: []string{"internal/rootfs", "internal/audit"},
			never: []string{
				module + "/bundle/...", module + "/manifest/...", module + "/internal/registry/...", module + "/internal/store/...",
				module + "/internal/cli/...", "github.com/spf13/pflag",
			},
			why: "internal/audit knows the tree and the disk of an image, and nothing of where that came from",
		},
		{
			in:    []string{"..."},
			tests: true,
			never: []string{module + "/cmd/..."},
			why:   "nothing imports cmd: move what is shared into a package",
		},
		{
			in:    []string{"internal/store/..."},
			never: []string{module + "/internal/registry/...", module + "/internal/cli/...", module + "/diskimg/..."},
			why:   "internal/store lies below the registry and the command line",
		},
		{
			in:     []string{"internal/tree"},
			never:  []string{module + "/..."},
			unless: []string{module + "/diskimg", module + "/diskimg/ext4", module + "/internal/compressed", module + "/internal/sparse", module + "/internal/secret"},
			why:    "internal/tree is a stream of files: what is made of them is not its business",
		},
		{
			in:    []string{"internal/compressed"},
			never: []string{module + "/..."},
			why:   "internal/compressed reads streams, whatever is in them",
		},
		{
			in:     []string{"..."},
			except: []string{"internal/compressed", "diskimg/filesystem"},
			never:  []string{"github.com/ulikunitz/..."},
			why:    "internal/compressed and diskimg/filesystem are the only importers of xz",
		},
		{
			in:    []string{"internal/registry/..."},
			never: []string{module + "/internal/cli/...", "github.com/spf13/pflag"},
			why:   "internal/registry lies below the command line",
		},
		{
			in:     []string{"..."},
			except: []string{"cmd/...", "internal/auditing", "internal/bench/...", "examples/..."},
			never:  []string{module + "/internal/cli/..."},
			why:    "internal/cli is for the binaries, and for what several share: a package returns its errors and takes its streams",
		},
		{
			in:     []string{"internal/cli"},
			never:  []string{module + "/internal/audit", module + "/internal/auditimage", module + "/internal/auditing", module + "/diskimg/..."},
			unless: []string{module + "/diskimg"},
			why:    "the binaries that audit nothing do without the file systems that are read for it: internal/auditing has what the others share",
		},
		{
			in:     []string{"..."},
			except: []string{"internal/oracle/...", "internal/miniotest/...", "internal/postgrestest/...", "internal/faultproxy/...", "bundle/storetest/...", "internal/store/keystest/..."},
			never:  []string{"testing", "testing/...", module + "/internal/oracle/...", module + "/internal/miniotest/...", module + "/internal/postgrestest/..."},
			why:    "test helpers are for tests",
		},
		{
			in:     []string{"..."},
			except: []string{"internal/miniotest", "internal/postgrestest"},
			never:  []string{module + "/internal/child"},
			why:    "internal/child runs servers for tests",
		},
	}
}

func TestImports(t *testing.T) {
	files := sources(t)
	for _, r := range importRules() {
		t.Run(r.why, func(t *testing.T) {
			for _, f := range files {
				if r.concerns(f) {
					r.check(t, f)
				}
			}
		})
	}
}

func (r rule) concerns(f sourceFile) bool {
	return matchAny(r.in, f.dir()) && !matchAny(r.except, f.dir()) && (r.tests || !f.isTest())
}

func (r rule) check(t *testing.T, f sourceFile) {
	t.Helper()
	for _, path := range f.imports(t) {
		forbidden := matchAny(r.never, path) || r.alone && !isStandard(path)
		if forbidden && !matchAny(r.unless, path) {
			t.Errorf("%s imports %s: %s", f.path, path, r.why)
		}
	}
}

// isStandard reports whether path is of the standard library: neither ours nor of a host.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return first != module && !strings.Contains(first, ".")
}

// matchAny reports whether path is, or lies below, one of the patterns.
func matchAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		below, wide := strings.CutSuffix(pattern, "...")
		below = strings.TrimSuffix(below, "/")
		return path == below || wide && (below == "" || strings.HasPrefix(path, below+"/"))
	})
}

func TestMatchAny(t *testing.T) {
	tests := []struct {
		pattern, path string
		want          bool
	}{
		{"bundle", "bundle", true},
		{"bundle", "bundle/storetest", false},
		{"bundle/...", "bundle", true},
		{"bundle/...", "bundle/storetest", true},
		{"bundle/...", "bundles", false},
		{"...", "cmd/ami-keygen", true},
	}
	for _, tt := range tests {
		t.Run(tt.pattern+" "+tt.path, func(t *testing.T) {
			if got := matchAny([]string{tt.pattern}, tt.path); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
