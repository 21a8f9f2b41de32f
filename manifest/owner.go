package manifest

import (
	"fmt"
	"strings"
)

// ParseUser returns the account ID s without its dashes: EC2 takes no others in a manifest. It must have
// exactly 12 digits.
func ParseUser(s string) (string, error) {
	user := strings.ReplaceAll(s, "-", "")
	if len(user) != 12 || strings.Trim(user, "0123456789") != "" {
		return "", fmt.Errorf("account ID is %.60q; want 12 digits", s)
	}
	return user, nil
}
