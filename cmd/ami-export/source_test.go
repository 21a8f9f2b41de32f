package main

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"amiforge/diskimg"
)

// TestNamed wants each error to name its disk, once.
func TestNamed(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"damage", &diskimg.Error{Format: diskimg.VHD, Offset: 3, Err: errors.New("bad")}, "disk.vhd: vhd: byte 3: bad"},
		{"cut short", fmt.Errorf("read at byte 4096: %w", diskimg.ErrTruncated), "disk.vhd: read at byte 4096: unexpected EOF"},
		{"cut short, named", fmt.Errorf("disk.vhd ends at byte 5: %w", io.ErrUnexpectedEOF), "disk.vhd ends at byte 5: unexpected EOF"},
		{"of the output", errors.New("write out.raw: no space left on device"), "write out.raw: no space left on device"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &source{location: "disk.vhd"}
			if got := s.named(tt.err); got.Error() != tt.want {
				t.Errorf("%v, want %s", got, tt.want)
			}
		})
	}
}
