package inspect

import (
	"io"

	"amiforge/diskimg/partition"
)

// Recognise tells what the size bytes of r hold, such as those of one partition, and what is odd about it. It is nil if
// it is of no kind that is known. The errors are those of r.
func Recognise(r io.ReaderAt, size int64) (*FileSystem, []string, error) {
	var report Report
	found, err := report.recognise(r, partition.Partition{Size: size}, "it")
	return found, report.Warnings, err
}
