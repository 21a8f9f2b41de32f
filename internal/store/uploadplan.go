package store

// The limits of S3 for an object that is sent in parts, in bytes. Other servers have the same.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const (
	MaxObject = 5 << 40

	minPart  = 5 << 20 // but the last one may be shorter
	maxPart  = 5 << 30
	maxParts = 10_000
)

// firstPart is the length of the parts to begin with, in bytes.
const firstPart = 8 << 20

// A plan says how long the parts of an object are, so that what may still come always fits into the parts that
// are left.
type plan struct {
	most  int64 // bytes the object may have
	known bool  // it will have them
}

// part returns the length of part number, which begins at off. It is a whole number of MiB. Where only a limit
// is known it begins small and grows, but never beyond what the limit asks for.
func (p plan) part(number int, off int64) int64 {
	left := int64(maxParts - number + 1)
	need := max(firstPart, roundUp((p.most-off+left-1)/left, 1<<20))
	if p.known {
		return need
	}
	return min(need, grown(number))
}

// grown returns the length of part number of an object of any size. The first 5,000 parts hold 50.8 GiB, the
// next ones double their length every 550, and all of them together would hold more than MaxObject.
func grown(number int) int64 {
	const second = int64(11 << 20)
	switch {
	case number <= 1000:
		return firstPart
	case number <= 5000:
		return second
	}
	doublings := (number-5001)/550 + 1
	return min(second<<doublings, maxPart)
}

func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }
