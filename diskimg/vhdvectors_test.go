package diskimg

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

// The digests of the vectors are not of our own making: libvhdi reads them so.
func TestVHDVectorsInSecondReader(t *testing.T) {
	for _, v := range diskVectors(t, VHD) {
		if v.expect != "ok" {
			continue
		}
		t.Run(v.id, func(t *testing.T) {
			size, sum := secondReader(t, "pyvhdi", v.write(t))
			if size != v.size || !strings.EqualFold(sum, v.sha256) {
				t.Errorf("libvhdi reads %d bytes, sha256 %s; want %d, %s", size, sum, v.size, v.sha256)
			}
		})
	}
}

func TestVHDVectors(t *testing.T) {
	for _, v := range diskVectors(t, VHD) {
		t.Run(v.id, func(t *testing.T) {
			file := unpackVector(t, v.files[0])
			start, before := time.Now(), allocated()
			d, err := Open(bytes.NewReader(file), int64(len(file)), nil)
			if used := allocated() - before; used > 16<<20 {
				t.Errorf("opening takes %d bytes", used)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("opening takes %v", took)
			}
			if v.expect == "reject" {
				checkRefused(t, d, err, file)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d.Size() != v.size || d.Info().Format != VHD {
				t.Errorf("%d bytes of %s, want %d of vhd", d.Size(), d.Info().Format, v.size)
			}
			if v.sha256 == "-" {
				return
			}
			if sum, err := contentSum(t, d); err != nil || sum != v.sha256 {
				t.Errorf("the content is another: %s, %v", sum, err)
			}
		})
	}
}

func checkRefused(t *testing.T, d *Disk, err error, file []byte) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted: %+v", d.Info())
	}
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Format != VHD || e.Offset < 0 || e.Offset > int64(len(file)) {
		t.Errorf("%v: not an Error with a format and an offset in the file", err)
	}
	if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrUnsupported) {
		t.Errorf("%v: neither damaged nor unsupported", err)
	}
	t.Log(err)
}

func TestVHDVectorWarnings(t *testing.T) {
	want := map[string]string{
		"v07": "the geometry is of 5222400 bytes only",
		"v09": "the geometry is of",
		"v15": "the copy of the footer at the start is missing",
		"v19": "suspended machine",
		"v23": "Xen refuses it",
	}
	for _, v := range diskVectors(t, VHD) {
		if v.expect == "reject" {
			continue
		}
		t.Run(v.id, func(t *testing.T) {
			d := openVHDBytes(t, unpackVector(t, v.files[0]))
			got := strings.Join(d.Info().Warnings, "; ")
			if !strings.Contains(got, want[v.id]) || want[v.id] == "" && got != "" {
				t.Errorf("warnings %q, want %q", got, want[v.id])
			}
			err := d.Check(t.Context())
			if damaged := v.id == "v15"; errors.Is(err, ErrDamaged) != damaged || (err != nil) != damaged {
				t.Errorf("check: %v", err)
			}
		})
	}
}

// openVHDBytes opens a VHD that must be good.
func openVHDBytes(tb testing.TB, file []byte) *Disk {
	tb.Helper()
	d, err := Open(bytes.NewReader(file), int64(len(file)), &OpenOptions{Format: VHD})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}
