// Package bundle turns a disk image into a bundle and back.
//
// A bundle is what ec2-ami-tools made of a root volume: the image as the one member of a tar archive,
// compressed with gzip, encrypted with AES-128-CBC under a fresh content key and cut into parts, with a
// signed manifest (package manifest) that names the parts and carries the wrapped content key. The parts
// and the manifest lie side by side in a Store: a directory or an S3 bucket prefix.
//
//	Create   image -> sparse tar -> gzip -> AES-128-CBC -> parts -> Store, manifest last
//	Open     manifest from the Store, its signature checked
//	Reader   parts fetched ahead -> SHA-1 -> decrypt -> gunzip -> tar -> data extents of the image
//	Verify   every part, and with the key the whole image
//	Copy     between stores, sending only what is missing
//
// A Store without the manifest holds no bundle, whatever parts lie in it: the manifest is written last and
// removed first. Nothing that has not been checked against the manifest is handed out.
package bundle

import (
	"errors"
	"fmt"
)

// ErrVerify is in the chain of every error that says that a bundle is not what its manifest claims.
var ErrVerify = errors.New("verification failed")

// An invalid error is an ErrVerify, whatever its text.
type invalid struct{ error }

func (e invalid) Is(target error) bool { return target == ErrVerify }
func (e invalid) Unwrap() error        { return e.error }

// invalidf is fmt.Errorf for an error that is an ErrVerify.
func invalidf(format string, args ...any) error { return invalid{fmt.Errorf(format, args...)} }

const (
	// DefaultPartSize is the length of every part but the last, in bytes, as all old tools write it.
	DefaultPartSize = 10 << 20

	// MinPartSize and MaxPartSize bound the part size that Create takes, in bytes.
	MinPartSize = 5 << 20
	MaxPartSize = 64 << 20

	// DefaultLevel is the deflate level of Create; 1 is fastest, 9 smallest.
	DefaultLevel = 6
)

// memory is what parts may hold at one time, in bytes, whichever way they travel.
const memory = 64 << 20

// slots tells how many parts of the given size may be in memory together: 1 to 8.
func slots(partSize int64) int {
	return int(min(max(memory/max(partSize, 1), 1), 8))
}
