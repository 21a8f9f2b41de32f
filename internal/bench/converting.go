package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// exportLimit is the most memory that ami-export may take, in bytes.
const exportLimit = 128 << 20

// A conversion is one that both ami-export and qemu-img do.
type conversion struct {
	what   string
	ours   []string // arguments of ami-export
	theirs []string // of qemu-img convert
	name   string   // of the file that is made
	target float64  // how many times as fast ours has to be; 0 is no target
	larger float64  // how many percent larger ours may be; 0 is no target
	once   bool     // qemu-img is so slow that one run has to do
}

// coroutines are the options of qemu-img that make it write out of order, where that helps it.
func coroutines(options ...string) []string { return append([]string{"-m", "2", "-W"}, options...) }

// conversions returns those of the raw disk.
func conversions() []conversion {
	stream := []string{"-O", "vmdk", "-o", "subformat=streamOptimized"}
	return []conversion{
		{"raw to VMDK streamOptimized", []string{"-f", "vmdk"}, stream, "disk.vmdk", 5, 5, true},
		{"the same at level 8", []string{"-f", "vmdk", "--level", "8"}, stream, "disk.vmdk", 3, 2.5, true},
		{
			"raw to VMDK monolithicSparse",
			[]string{"-f", "vmdk", "--subformat", "monolithicSparse"},
			coroutines("-O", "vmdk", "-o", "subformat=monolithicSparse"), "disk.vmdk", 1.4, 0, false,
		},
		{
			"raw to VHD dynamic",
			[]string{"-f", "vhd", "--subformat", "dynamic"},
			coroutines("-O", "vpc", "-o", "subformat=dynamic,force_size"), "disk.vhd", 0.95, 0, false,
		},
		{
			"raw to VHD fixed",
			[]string{"-f", "vhd", "--subformat", "fixed"},
			coroutines("-O", "vpc", "-o", "subformat=fixed,force_size"), "disk.vhd", 0.95, 0, false,
		},
	}
}

// converting measures ami-export against qemu-img, from the raw disk to each format and back, and against cp.
func (b *bench) converting(ctx context.Context, disk string, t *table) error {
	for _, c := range conversions() {
		if err := b.convert(ctx, disk, c, t); err != nil {
			return err
		}
	}
	for _, c := range conversions() {
		if c.what == "the same at level 8" {
			continue
		}
		if err := b.convertBack(ctx, disk, c, t); err != nil {
			return err
		}
	}
	return b.copying(ctx, disk, t)
}

// convert measures one conversion of the raw disk and adds its rows.
func (b *bench) convert(ctx context.Context, disk string, c conversion, t *table) error {
	ours := &racer{
		name: "ami-export, " + c.what, command: b.export(disk, c.name, c.ours...),
		check: sameDisk(ctx, disk, c.name, c.theirs[slices.Index(c.theirs, "-O")+1]), size: sizeOf(c.name),
	}
	theirs := &racer{
		name: "qemu-img, " + c.what, absent: missing("bash", "qemu-img", "sync"), once: c.once,
		command: qemuConvert(disk, c.name, c.theirs...), size: sizeOf(c.name),
	}
	if err := b.race(ctx, ours, theirs); err != nil {
		return err
	}
	t.add(faster(c.what+", against qemu-img", ours, theirs, c.target))
	t.add(larger("its size", ours, theirs, c.larger))
	t.add(memory("its peak memory, against qemu-img", ours, theirs, exportLimit))
	return nil
}

// convertBack measures the way back to a raw disk, from what ami-export made. The target is the one that
// reading has: only streamOptimized has work to do.
func (b *bench) convertBack(ctx context.Context, disk string, c conversion, t *table) error {
	source := b.path(c.name)
	defer os.Remove(source)
	if _, err := measure(ctx, "ami-export, to convert back", b.export(disk, c.name, c.ours...)(ctx, b.work)); err != nil {
		return err
	}
	ours := &racer{
		name: "ami-export, back to raw", command: b.export(source, "disk.raw", "-f", "raw"),
		check: restores(disk, "disk.raw"), size: sizeOf("disk.raw"),
	}
	theirs := &racer{
		name: "qemu-img, back to raw", absent: missing("bash", "qemu-img", "sync"),
		command: qemuConvert(source, "disk.raw", coroutines("-O", "raw")...), size: sizeOf("disk.raw"),
	}
	if err := b.race(ctx, ours, theirs); err != nil {
		return err
	}
	target := 0.0
	if c.once {
		target = 1.4
	}
	t.add(faster("back: "+c.what+", against qemu-img", ours, theirs, target))
	t.add(memory("its peak memory, against qemu-img", ours, theirs, exportLimit))
	return nil
}

// copying measures raw to raw against cp, and a bundle that becomes a VMDK.
func (b *bench) copying(ctx context.Context, disk string, t *table) error {
	ours := &racer{
		name: "ami-export, raw to raw", command: b.export(disk, "disk.raw", "-f", "raw"),
		check: restores(disk, "disk.raw"), size: sizeOf("disk.raw"),
	}
	cp := &racer{
		name: "cp --sparse=always", absent: missing("bash", "cp", "sync"), size: sizeOf("disk.raw"),
		command: func(ctx context.Context, out string) *exec.Cmd {
			return exec.CommandContext(ctx, "bash", "-c", `cp --sparse=always "$0" "$1" && sync "$1"`, disk, filepath.Join(out, "disk.raw"))
		},
	}
	bundled := &racer{
		name: "ami-export, bundle to VMDK", size: sizeOf("disk.vmdk"), check: sameDisk(ctx, disk, "disk.vmdk", "vmdk"),
		command: b.export(b.path("bundle/image.manifest.xml"), "disk.vmdk", "-f", "vmdk", "-k", b.path("keys/pk.pem")),
	}
	if err := b.race(ctx, ours, cp, bundled); err != nil {
		return err
	}
	t.add(
		faster("raw to raw, against cp --sparse=always", ours, cp, 1/1.3),
		memory("its peak memory", ours, cp, exportLimit),
		seconds("bundle to VMDK streamOptimized", median(bundled.samples).elapsed.Seconds(), 0),
		memory("its peak memory", bundled, nil, exportLimit),
	)
	return nil
}

// export returns what converts the image to the file name with our program.
func (b *bench) export(image, name string, options ...string) func(context.Context, string) *exec.Cmd {
	return func(ctx context.Context, out string) *exec.Cmd {
		args := append([]string{image, "-o", filepath.Join(out, name), "--quiet"}, options...)
		return b.program(ctx, "ami-export", args...)
	}
}

// qemuConvert returns what converts the image to the file name with qemu-img.
func qemuConvert(image, name string, options ...string) func(context.Context, string) *exec.Cmd {
	return func(ctx context.Context, out string) *exec.Cmd {
		args := append([]string{"-c", `out=$1; shift; qemu-img convert "$@" "$out" && sync "$out"`, "bash", filepath.Join(out, name)}, options...)
		return exec.CommandContext(ctx, "bash", append(args, image)...)
	}
}

// sameDisk returns a check by qemu-img, if it is there, that the file name in a racer's folder, of the format that
// qemu-img calls so, has the disk's content.
func sameDisk(ctx context.Context, disk, name, format string) func(out string) error {
	return func(out string) error {
		if missing("qemu-img") != nil {
			return nil
		}
		text, err := exec.CommandContext(ctx, "qemu-img", "compare", "-f", "raw", "-F", format, disk, filepath.Join(out, name)).CombinedOutput()
		if err != nil {
			return fmt.Errorf("qemu-img compare: %w\n%s", err, text)
		}
		return nil
	}
}
