package cmd_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"amiforge/internal/miniotest"
)

// exportKinds are the flags of the formats that ami-export writes.
func exportKinds() map[string][]string {
	return map[string][]string{
		"raw":              {"-f", "raw"},
		"dynamic":          {"-f", "vhd"},
		"fixed":            {"-f", "vhd", "--subformat", "fixed"},
		"streamOptimized":  {"-f", "vmdk"},
		"monolithicSparse": {"-f", "vmdk", "--subformat", "monolithicSparse"},
	}
}

// TestExportKill kills ami-export at moments that are spread over the time that it takes. After each kill there is
// nothing under the final name, or the whole image. Then the same command does the work, and removes the temporary
// file that the killed one has left.
func TestExportKill(t *testing.T) {
	b := newBench(t)
	b.image("disk.raw", exportKillSize())
	b.want(0, "ami-bundle", "disk.raw", "--part-size", "5M", "-d", "good")
	for name, flags := range exportKinds() {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"ami-export", "good/image.manifest.xml", "-o", "out/disk"}, flags...)
			k := newExportKiller(t, b)
			for n := range k.rounds {
				k.mkdir("out")
				if n == 0 {
					k.measure(args...)
					k.remove("./out")
					k.mkdir("out")
				}
				k.kill(n, args...)
				k.again(k.exists("out/disk"), args...)
				k.wholeImage("out/disk")
				if names := k.names("out"); names != "disk" {
					t.Errorf("left behind: %s", names)
				}
				k.remove("./out")
			}
		})
	}
}

// TestExportKillUpload does the same with an image that goes from a bucket to a bucket. The upload that a killed
// process has begun stays, as nobody can know that it is not another's: a lifecycle rule of the bucket ends it.
func TestExportKillUpload(t *testing.T) {
	server := miniotest.Start(t)
	b, _, bucket := s3Bench(t, server)
	b.image("disk.raw", exportKillSize())
	b.want(0, "ami-bundle", "disk.raw", "--part-size", "5M", "--to", bucket+"/good")
	for _, name := range []string{"streamOptimized", "dynamic"} {
		t.Run(name, func(t *testing.T) {
			k := newExportKiller(t, b)
			command := func(n int) (object string, args []string) {
				object = fmt.Sprintf("%s-%d", name, n)
				args = []string{"ami-export", bucket + "/good/image.manifest.xml", "-o", bucket + "/exports/" + object}
				return object, append(args, exportKinds()[name]...)
			}
			_, args := command(-1)
			k.measure(args...)
			for n := range k.rounds {
				object, args := command(n)
				k.kill(n, args...)
				left := k.uploads(server, bucket, "exports/"+object)
				k.again(slices.Contains(k.objects(bucket+"/exports"), object), args...)
				k.fetch(bucket+"/exports", object, "fetched")
				k.wholeImage("fetched")
				for _, id := range k.uploads(server, bucket, "exports/"+object) {
					if !slices.Contains(left, id) {
						t.Errorf("the second run has left the upload %s", id)
					}
				}
			}
		})
	}
}

// exportKillSize is the size of the disk: of noise, so that a command is at work for a while.
func exportKillSize() int64 {
	if os.Getenv("RACE") == "1" {
		return 12 << 20
	}
	return 32 << 20
}

func newExportKiller(t *testing.T, b *bench) *killer {
	rounds := 4
	if testing.Short() || os.Getenv("RACE") == "1" {
		rounds = 2
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	b.TB = t
	return &killer{bench: b, random: rand.New(rand.NewPCG(seed, 0)), rounds: rounds}
}

// again runs a command that was killed. Where the kill came too late, it refuses to replace the image. (A server
// that was told everything may finish an upload yet, whose sender is gone.)
func (k *killer) again(there bool, args ...string) {
	k.Helper()
	e := k.run(args...)
	refused := e.status == 1 && strings.Contains(e.stderr, "already exists (--force replaces it)")
	if there && !refused || !refused && e.status != 0 {
		k.Errorf("after the kill, image there %t: status %d\n%s", there, e.status, e.stderr)
	}
}

// wholeImage wants an image of disk.raw.
func (b *bench) wholeImage(name string) {
	b.Helper()
	b.want(0, "ami-export", "--check", name)
	b.want(0, "ami-export", "--compare", name, "disk.raw")
}
