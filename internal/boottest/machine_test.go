package boottest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// emulator returns a Machine whose program is a shell script.
func emulator(t *testing.T, script string) *Machine {
	t.Helper()
	program := filepath.Join(t.TempDir(), "qemu")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return &Machine{Program: program, Disk: "a,b.vhd", Format: "vpc"}
}

const forEver = "exec tail -f /dev/null\n"

func TestBootShowsText(t *testing.T) {
	m := emulator(t, "echo booting; printf 'web login: '; "+forEver)
	took, err := m.Boot(t.Context(), "web login:")
	if err != nil || took <= 0 {
		t.Errorf("got %v, %v", took, err)
	}
}

func TestBootOptions(t *testing.T) {
	m := emulator(t, `echo "$@"; `+forEver)
	if _, err := m.Boot(t.Context(), "file=a,,b.vhd,format=vpc,if=virtio,snapshot=on"); err != nil {
		t.Error(err)
	}
}

func TestBootKernel(t *testing.T) {
	m := emulator(t, `echo "$@"; `+forEver)
	m.Kernel, m.Initramfs, m.CommandLine = "vmlinuz", "initrd.img", "root=/dev/vda"
	if _, err := m.Boot(t.Context(), "-kernel vmlinuz -initrd initrd.img -append root=/dev/vda"); err != nil {
		t.Error(err)
	}
}

func TestBootFails(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"status", "echo no bootable device; exit 3", "exit status 3 before \"login:\"; the last lines of its console:\nno bootable device"},
		{"panic", "echo Kernel panic", "the machine ended before"},
		{"standard error", "echo not a VMDK >&2; exit 1", "not a VMDK"},
		{"killed", "echo up; kill -9 $$", "signal: killed before"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := emulator(t, tt.script).Boot(t.Context(), "login:")
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "boot a,b.vhd as vpc: ") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestBootTimeLimit(t *testing.T) {
	errLate := errors.New("no prompt in time")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errLate)
	defer cancel()
	_, err := emulator(t, forEver).Boot(ctx, "login:")
	if !errors.Is(err, errLate) {
		t.Errorf("got %v, want %v", err, errLate)
	}
}

func TestBootWithoutProgram(t *testing.T) {
	m := &Machine{Program: filepath.Join(t.TempDir(), "qemu")}
	if _, err := m.Boot(t.Context(), "login:"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want it to be missing", err)
	}
}
