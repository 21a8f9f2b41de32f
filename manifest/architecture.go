package manifest

import (
	"fmt"
	"slices"
	"strings"
)

// Architectures returns those that EC2 and euca2ools know, the only ones that Sign writes.
func Architectures() []string {
	return []string{
		"i386", "x86_64", "arm64", "x86_64_mac", "arm64_mac", // EC2
		"armhf", "ppc", "ppc64", "ppc64le", // euca2ools
	}
}

// CheckArchitecture refuses an architecture that is not one of Architectures.
func CheckArchitecture(arch string) error {
	known := Architectures()
	if !slices.Contains(known, arch) {
		return fmt.Errorf("architecture is %.60q; want one of %s", arch, strings.Join(known, ", "))
	}
	return nil
}

// parseToken takes any short word: ec2-bundle-image --batch wrote whatever it was given.
func parseToken(s string) (string, error) {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
	if s == "" || len(s) > 32 || strings.Trim(s, letters) != "" {
		return "", fmt.Errorf("is %.60q; want a word of at most 32 letters and digits", s)
	}
	return s, nil
}
