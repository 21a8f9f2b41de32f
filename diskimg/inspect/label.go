package inspect

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf16"
)

// label returns the text in a field that zeros or blanks fill up.
func label(b []byte) string {
	text, _, _ := bytes.Cut(b, []byte{0})
	return printable(string(text))
}

// label16 returns the text in UTF-16 in a field that zeros fill up.
func label16(b []byte, order binary.ByteOrder) string {
	var units []uint16
	for ; len(b) >= 2; b = b[2:] {
		unit := order.Uint16(b)
		if unit == 0 {
			break
		}
		units = append(units, unit)
	}
	return printable(string(utf16.Decode(units)))
}

// printable trims s and replaces what could steer a terminal.
func printable(s string) string {
	s = strings.TrimRightFunc(strings.ToValidUTF8(s, string(unicode.ReplacementChar)), unicode.IsSpace)
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// uuid spells a UUID. One of zeros is none.
func uuid(b [16]byte) string {
	if b == [16]byte{} {
		return ""
	}
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// serial spells the serial number of FAT and exFAT. Zero is none.
func serial(n uint32) string {
	if n == 0 {
		return ""
	}
	h := strings.ToUpper(hex.EncodeToString(binary.BigEndian.AppendUint32(nil, n)))
	return h[:4] + "-" + h[4:]
}
