package manifest

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	version20070829 = "2007-08-29"
	version3        = "3"
)

// parseVersion returns the version of the format in its usual spelling.
func parseVersion(s string) (string, error) {
	switch s {
	case Version, version20070829, version3:
		return s, nil
	case "20070829": // so ec2-ami-tools wrote it
		return version20070829, nil
	case "":
		return "", errors.New("is empty")
	}
	n, err := strconv.ParseUint(strings.ReplaceAll(s, "-", ""), 10, 64)
	switch {
	case err == nil && n > 20071010:
		return "", fmt.Errorf("%.60q is too new; %s is the newest that can be read", s, Version)
	case err == nil && n < 3:
		return "", fmt.Errorf("%.60q is too old; %s is the oldest that can be read", s, version3)
	}
	return "", fmt.Errorf("%.60q is unknown; want %s, %s or %s", s, Version, version20070829, version3)
}

func anyText(s string) (string, error) { return s, nil }

func someText(s string) (string, error) {
	if s == "" {
		return "", errors.New("is empty")
	}
	return s, nil
}

func parseName(s string) (string, error) { return s, CheckPartName(s) }

// parseType takes the three types of image.
func parseType(s string) (string, error) {
	switch s {
	case "machine", "kernel", "ramdisk":
		return s, nil
	}
	return "", fmt.Errorf("is %.60q; want machine, kernel or ramdisk", s)
}

// parseDecimal takes numbers in the one form that all tools read alike: no sign, no leading zero, no space.
func parseDecimal(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("is %.60q, which is out of range", s)
	}
	if err != nil || strconv.FormatInt(n, 10) != s || n < 0 {
		return 0, fmt.Errorf("is %.60q; want a number in plain decimal digits", s)
	}
	return n, nil
}

// parseSize refuses 0, by which euca2ools means that the size is not known.
func parseSize(s string) (int64, error) {
	n, err := parseDecimal(s)
	if err == nil && n == 0 {
		return 0, errors.New("is 0; an image has at least a byte")
	}
	return n, err
}

func parseDigest(s string) (d Digest, err error) {
	if len(s) != hex.EncodedLen(len(d)) {
		return d, fmt.Errorf("is %.60q; want 40 hexadecimal digits", s)
	}
	if strings.ToLower(s) != s {
		return d, fmt.Errorf("is %.60q; want lower-case digits", s)
	}
	if _, err := hex.Decode(d[:], []byte(s)); err != nil {
		return d, fmt.Errorf("is %.60q; want 40 hexadecimal digits", s)
	}
	return d, nil
}

// parseImageDigest refuses all zeros, by which euca2ools means that there is no digest to check.
func parseImageDigest(s string) (Digest, error) {
	d, err := parseDigest(s)
	if err == nil && d == (Digest{}) {
		return d, errors.New("is all zeros, which stands for no digest")
	}
	return d, err
}

// parseHex takes wrapped keys and signatures. Their length is bounded by that of all texts.
func parseHex(s string) ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	if strings.ToLower(s) != s {
		return nil, fmt.Errorf("is %.20q…; want lower-case hexadecimal digits", s)
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("is not an even number of hexadecimal digits: %.20q…", s)
	}
	return b, nil
}

// parseSignature returns nil for both ways of euca2ools and others to say that there is none.
func parseSignature(s string) ([]byte, error) {
	if s == "UNSIGNED" {
		return nil, nil
	}
	return parseHex(s)
}
