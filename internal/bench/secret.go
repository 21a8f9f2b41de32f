package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"amiforge/manifest"
)

// A secret is a content key and IV as openssl takes them: 32 hexadecimal digits each.
type secret struct{ key, iv string }

// openBundle returns the paths of the parts, in order, of the bundle in the folder dir, and what decrypts
// them. The private key is the file key, and openssl does it: the pipeline owes nothing to our code.
func openBundle(ctx context.Context, dir, key string) (parts []string, s secret, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "image.manifest.xml"))
	if err != nil {
		return nil, s, err
	}
	m, err := manifest.Parse(text)
	if err != nil {
		return nil, s, err
	}
	for _, part := range m.Image.Parts {
		parts = append(parts, filepath.Join(dir, part.Name))
	}
	if s.key, err = unwrap(ctx, m.Image.UserKey, key); err != nil {
		return nil, s, err
	}
	s.iv, err = unwrap(ctx, m.Image.UserIV, key)
	return parts, s, err
}

// unwrap decrypts what is encrypted for the owner of the private key in the file key.
func unwrap(ctx context.Context, sealed []byte, key string) (string, error) {
	cmd := exec.CommandContext(ctx, "openssl", "pkeyutl", "-decrypt", "-inkey", key)
	cmd.Stdin = bytes.NewReader(sealed)
	plain, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("openssl pkeyutl: %w", err)
	}
	return string(plain), nil
}
