package diskimg

import (
	"bytes"
	"io"
)

// Detect tells what format the file of size bytes is that r reads. What has no mark of another format is RAW.
// Formats that are known but not read are ErrUnsupported, by name. The size is needed because a fixed VHD is
// known by its last bytes only.
func Detect(r io.ReaderAt, size int64) (Format, error) {
	head := make([]byte, min(size, 4096))
	if err := readFull(r, head, 0); err != nil {
		return "", err
	}
	if err := detectForeign(head); err != nil {
		return "", err
	}
	switch {
	case bytes.HasPrefix(head, []byte("KDMV")), isDescriptor(head, size):
		return VMDK, nil
	case bytes.HasPrefix(head, []byte(vhdCookie)), hasHeader(head):
		return VHD, nil
	}
	isVHD, err := hasFooter(r, size)
	if err != nil || !isVHD {
		return RAW, err
	}
	return VHD, nil
}

// hasHeader tells whether the header of a dynamic VHD is where all programs write it. So one that has lost both of
// its footers is damaged, not RAW.
func hasHeader(head []byte) bool {
	return len(head) > vhdFooterSize && bytes.HasPrefix(head[vhdFooterSize:], []byte(vhdHeaderCookie))
}

// hasFooter tells whether the file ends like a VHD: in a footer of 512 bytes, or 511 as Virtual PC wrote it
// before 2004.
func hasFooter(r io.ReaderAt, size int64) (bool, error) {
	for _, n := range []int64{512, 511} {
		if size < n {
			continue
		}
		cookie := make([]byte, 8)
		if err := readFull(r, cookie, size-n); err != nil {
			return false, err
		}
		if string(cookie) == vhdCookie {
			return true, nil
		}
	}
	return false, nil
}
