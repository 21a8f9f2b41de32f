package clean_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"amiforge/diskimg"
	"amiforge/internal/auditimage"
	"amiforge/internal/clean"
	"amiforge/internal/oracle"
)

// A damaged file system is an error, or becomes one in which nothing is wrong. Without checksums more of it gets through.
func TestDamaged(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 20
	}
	dir := t.TempDir()
	for i := range 40 {
		name := filepath.Join(dir, "etc", string(rune('a'+i%20)), "var", string(rune('A'+i)))
		check(t, os.MkdirAll(filepath.Dir(name), 0o755))
		check(t, os.WriteFile(name, bytes.Repeat([]byte{byte(i)}, 3000*i), 0o644))
		check(t, os.Link(name, name+"-link"))
		check(t, os.Symlink("../x", name+"-symlink"))
	}
	src := newFile(t, "disk", 4*mib)
	oracle.Run(t, "mke2fs", "-q", "-t", "ext4", "-O", "^metadata_csum,^has_journal,inline_data", "-N", "256", "-d", dir, src.Name())
	whole, used := content(t, src), []int{}
	for i := 1024; i < len(whole); i++ {
		if whole[i] != 0 {
			used = append(used, i)
		}
	}
	random := rand.New(rand.NewPCG(5, 0))
	copies := 0
	for range rounds {
		damaged := bytes.Clone(whole)
		for range 1 + random.IntN(4) {
			damaged[used[random.IntN(min(len(used), 6000))]] ^= 1 << random.IntN(8)
		}
		if dst := copyDamaged(t, damaged); dst != nil {
			copies++
			oracle.Run(t, "e2fsck", "-fn", dst.Name())
		}
	}
	t.Logf("%d of %d were copied", copies, rounds)
}

// copyDamaged returns nil where there is no copy.
func copyDamaged(t *testing.T, damaged []byte) *os.File {
	t.Helper()
	d, err := diskimg.Open(bytes.NewReader(damaged), int64(len(damaged)), &diskimg.OpenOptions{Format: diskimg.RAW})
	check(t, err)
	image, err := auditimage.Open(d)
	if err != nil {
		return nil
	}
	defer image.Close()
	dst := newFile(t, "copy", d.Size())
	if _, err := clean.Copy(t.Context(), dst, d, image, clean.Options{Time: cleaned(), Upgrade: true}); err != nil {
		return nil
	}
	return dst
}
