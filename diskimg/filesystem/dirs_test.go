package filesystem

import (
	"errors"
	"testing"

	"amiforge/diskimg"
)

func TestDirReader(t *testing.T) {
	d := &dirReader{r: hollow{[]byte("abcdef")}}
	b, err := d.whole(diskimg.Extent{Offset: 4, Length: 1}, diskimg.Extent{Offset: 1, Length: 2})
	if err != nil || string(b) != "ebc" {
		t.Errorf("%q, %v", b, err)
	}
	const size = maxISODir
	for range maxDirs/size - 1 {
		if _, err := d.whole(diskimg.Extent{Length: size}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.whole(diskimg.Extent{Length: size}); !errors.Is(err, diskimg.ErrUnsupported) {
		t.Errorf("more than the limit: %v", err)
	}
}
