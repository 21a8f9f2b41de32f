package export

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"amiforge/diskimg"
)

// Random returns what a reproducible image takes in the place of randomness: a stream of bytes that is the same for
// the same time, size, format and name, and another one otherwise. The identifiers made of it tell images apart;
// they are no secret.
func Random(at time.Time, size int64, format diskimg.Format, subformat diskimg.Subformat, name string) io.Reader {
	seed := sha256.Sum256(fmt.Appendf(nil, "%d\n%d\n%s\n%s\n%s", at.Unix(), size, format, subformat, name))
	return rand.NewChaCha8(seed)
}
