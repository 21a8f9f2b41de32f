package filesystem

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"amiforge/diskimg"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz/lzma"
)

// An unpacker unpacks a block, which must not become more than most bytes. It may be used concurrently.
type unpacker func(b []byte, most int) ([]byte, error)

// newUnpacker returns the one of a number in the superblock of squashfs. No block becomes more than max bytes.
func newUnpacker(kind uint16, max int) (unpacker, error) {
	names := []string{1: "gzip", "lzma", "lzo", "xz", "lz4", "zstd"}
	if kind == 0 || int(kind) >= len(names) {
		return nil, unsupportedf("compression of kind %d is not known", kind)
	}
	unpack := map[string]unpacker{"gzip": unzip, "lzma": unlzma, "xz": unxz, "lz4": unlz4}[names[kind]]
	if names[kind] == "zstd" {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxMemory(uint64(max)), zstd.WithDecoderMaxWindow(uint64(max)))
		if err != nil {
			return nil, err
		}
		unpack = func(b []byte, _ int) ([]byte, error) { return d.DecodeAll(b, nil) }
	}
	if unpack == nil {
		return nil, unsupportedf("compression by %s is not supported", names[kind])
	}
	return func(b []byte, most int) ([]byte, error) {
		out, err := unpack(b, most)
		if err == nil && (len(out) == 0 || len(out) > most) {
			err = damagedf("it becomes %d bytes", len(out))
		}
		switch {
		case err == nil:
			return out, nil
		case !errors.Is(err, diskimg.ErrUnsupported):
			err = damage{err}
		}
		return nil, fmt.Errorf("a block packed by %s: %w", names[kind], err)
	}, nil
}

// readMost reads r to its end, or a byte more than most.
func readMost(r io.Reader, most int) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, int64(most)+1))
}

func unzip(b []byte, most int) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return readMost(r, most)
}

func unlzma(b []byte, most int) ([]byte, error) {
	r, err := lzma.ReaderConfig{DictCap: maxSquashBlock}.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return readMost(r, most)
}

// unxz unpacks the first block of xz [The .xz File Format, 1.2.1]. Package xz makes a dictionary of the size that is said
// there; this one is no larger than what is to come out.
func unxz(b []byte, most int) ([]byte, error) {
	const streamHeader, hasPacked, hasUnpacked, filters, lzma2, crc = 12, 0x40, 0x80, 0x03, 0x21, 1
	if len(b) < streamHeader+8 || string(b[:6]) != "\xfd7zXZ\x00" {
		return nil, damagedf("it does not begin as one")
	}
	check, head := b[7], b[streamHeader:]
	size := (int(head[0]) + 1) * 4
	if size < 8 || size > len(head) || crc32.ChecksumIEEE(head[:size-4]) != binary.LittleEndian.Uint32(head[size-4:]) {
		return nil, damagedf("its header is damaged")
	}
	flags, fields, data := head[1], head[2:size-4], head[size:]
	for _, bit := range []byte{hasPacked, hasUnpacked} {
		if flags&bit != 0 {
			_, n := binary.Uvarint(fields)
			fields = fields[max(n, 0):]
		}
	}
	if flags&filters != 0 || len(fields) < 3 || fields[0] != lzma2 {
		return nil, unsupportedf("filters are not supported")
	}
	in := bytes.NewReader(data)
	r, err := lzma.Reader2Config{DictCap: max(most, lzma.MinDictCap)}.NewReader2(in)
	if err != nil {
		return nil, err
	}
	out, err := readMost(r, most)
	if err != nil || len(out) > most {
		return out, err
	}
	sum := data[min((len(data)-in.Len()+3)/4*4, len(data)):]
	if check == crc && (len(sum) < 4 || crc32.ChecksumIEEE(out) != binary.LittleEndian.Uint32(sum)) {
		return nil, damagedf("its checksum is wrong")
	}
	return out, nil
}
