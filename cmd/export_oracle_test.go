package cmd_test

import (
	"strings"
	"testing"

	"amiforge/internal/oracle"
)

// TestExportOracle has qemu-img read what ami-export writes, from a file and from a bundle, to a file and down a
// pipe; and the other way round.
func TestExportOracle(t *testing.T) {
	oracle.Look(t, "qemu-img")
	b := newBench(t)
	b.image("data", 5<<20)
	b.want(0, "sh", "-c", "truncate -s 20000256 disk.raw && dd if=data of=disk.raw bs=64k seek=40 conv=notrunc status=none")
	b.want(0, "ami-bundle", "disk.raw", "-d", "out")
	for _, x := range []struct{ format, subformat, theirs, options string }{
		{"vhd", "dynamic", "vpc", "subformat=dynamic,force_size=on"},
		{"vhd", "fixed", "vpc", "subformat=fixed,force_size=on"},
		{"vmdk", "streamOptimized", "vmdk", "subformat=streamOptimized"},
		{"vmdk", "monolithicSparse", "vmdk", "subformat=monolithicSparse"},
		{"raw", "", "raw", ""},
	} {
		t.Run(x.format+" "+x.subformat, func(t *testing.T) {
			b.TB = t
			b.mkdir("ours" + x.subformat)
			dir := "ours" + x.subformat + "/"
			flags := []string{"-f", x.format}
			if x.subformat != "" {
				flags = append(flags, "--subformat", x.subformat)
			}
			for _, source := range []string{"disk.raw", "out/image.manifest.xml"} {
				name := dir + source[:3]
				b.want(0, append([]string{"ami-export", source, "-o", name + ".file"}, flags...)...)
				b.want(0, "sh", "-c", "ami-export "+source+" -o - "+strings.Join(flags, " ")+" >"+name+".pipe")
				for _, file := range []string{name + ".file", name + ".pipe"} {
					b.want(0, "qemu-img", "compare", "-f", "raw", "-F", x.theirs, "disk.raw", file)
				}
			}
			theirs := dir + "theirs"
			convert := []string{"qemu-img", "convert", "-f", "raw", "-O", x.theirs}
			if x.options != "" {
				convert = append(convert, "-o", x.options)
			}
			b.want(0, append(convert, "disk.raw", theirs)...)
			b.want(0, "ami-export", "--compare", theirs, "disk.raw")
			b.want(0, "ami-export", theirs, "-f", "raw", "-o", dir+"back")
			b.same(dir+"back", "disk.raw")
		})
	}
}
