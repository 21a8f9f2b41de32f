package volume

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
)

// Random returns what a reproducible volume takes in the place of randomness: a stream of bytes that is the same for the
// same seed, and another one otherwise. The identifiers made of it tell volumes apart; they are no secret.
func Random(seed ...any) io.Reader {
	return rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "%v", seed)))
}
