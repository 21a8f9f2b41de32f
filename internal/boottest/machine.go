// Package boottest boots disk images on an emulated machine: whether an exported disk is good is decided by the
// firmware, boot loader and kernel that have to live with it.
//
// Its TestExportsBoot and TestVolumeBoots, behind the build tag boot, are what make boot-test runs.
package boottest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// A Machine is a PC with a BIOS, 512 MiB of memory, one virtio disk, and a serial port as its console. It has no
// network and does not need KVM.
type Machine struct {
	Program string // path of qemu-system-x86_64
	Disk    string // path of the image file, which is not written to
	Format  string // of the image, as QEMU names it: raw, vpc, vmdk
}

// Boot switches the machine on, waits until its console has shown text, and switches it off. It returns how long
// the text took. The error for a machine that ended, or that was stopped by ctx, has the last lines of the console.
func (m *Machine) Boot(ctx context.Context, text string) (time.Duration, error) {
	running, off := context.WithCancel(ctx)
	defer off()
	began := time.Now()
	screen := &console{text: text, shown: off}
	err := run(m.command(running, screen))
	switch {
	case !screen.seen.IsZero():
		return screen.seen.Sub(began), nil
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case err == nil:
		err = errors.New("the machine ended")
	}
	return 0, fmt.Errorf("boot %s as %s: %w before %q; the last lines of its console:\n%s",
		m.Disk, m.Format, err, text, screen.lines())
}

// command returns the emulator's command line. Firmware that finds nothing to boot, and a kernel that gives up,
// reset the machine, which ends it. Without graphics the firmware's words go to the serial port, too.
func (m *Machine) command(ctx context.Context, screen *console) *exec.Cmd {
	cmd := exec.CommandContext(ctx, m.Program,
		"-accel", "tcg", "-m", "512", "-nodefaults", "-nic", "none",
		"-no-reboot", "-boot", "reboot-timeout=1000",
		"-machine", "graphics=off", "-display", "none", "-monitor", "none", "-serial", "stdio",
		"-drive", "file="+escape(m.Disk)+",format="+m.Format+",if=virtio,snapshot=on")
	cmd.Stdout, cmd.Stderr = screen, screen
	cmd.SysProcAttr = dieWithParent()
	return cmd
}

// escape doubles the commas of a value in a list of QEMU options.
func escape(value string) string { return strings.ReplaceAll(value, ",", ",,") }

// run runs cmd on one thread: Linux sends the parent-death signal when the thread that started the process ends.
func run(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return cmd.Run()
}
