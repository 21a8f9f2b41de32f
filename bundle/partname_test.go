package bundle

import (
	"errors"
	"testing"
)

func TestSplitPartName(t *testing.T) {
	for part, want := range map[string]string{
		"image.part.0":          "image",
		"image.part.00":         "image",
		"image.part.100":        "image",
		"image.part.1.part.02":  "image.part.1",
		"a b.part.3":            "a b",
		"image.part.1.txt":      "",
		"image.part.":           "",
		"image.part.x1":         "",
		"image.part.-1":         "",
		".part.1":               "",
		".hidden.part.1":        "",
		"image.manifest.xml":    "",
		"part.1":                "",
		"image.part.1.part.":    "",
		"":                      "",
		"image.part.\u0661":     "",
		"image.part.1.manifest": "",
	} {
		if got, ok := SplitPartName(part); got != want || ok != (want != "") {
			t.Errorf("%q is a part of %q, %t; want %q", part, got, ok, want)
		}
	}
}

func TestLock(t *testing.T) {
	st, err := OpenDir(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	unlock, err := Lock(st, "image")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(st, "image"); !errors.Is(err, errBusy) {
		t.Errorf("locked twice: %v", err)
	}
	unlock()
	unlock, err = Lock(st, "image")
	if err != nil {
		t.Errorf("after it was unlocked: %v", err)
	}
	unlock()
}
