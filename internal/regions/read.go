package regions

import (
	"fmt"
	"io"
	"os"
)

// maxFile bounds what is read: a hundred thousand accounts take two megabytes.
const maxFile = 16 << 20

// read returns the contents of a file. Its errors name the file.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d MiB", path, maxFile>>20)
	}
	return data, nil
}
