package gc

import (
	"testing"
	"time"

	"amiforge/internal/registry"
)

func TestHalfUpload(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		for _, object := range []string{
			"half/image.part.00", "half/image.part.100", "half/web.part.1", "half/x.part.1.txt", "half/.x.part.1", "half/part.1",
			"half/image.part.", "half/readme", "image.part.00",
		} {
			w.put(object, []byte("half of a part.."))
		}
		plan := w.wants("half-upload half/image.part.* delete", "half-upload half/web.part.* delete", "half-upload image.part.* delete")
		if f := plan[0]; f.Objects != 2 || f.Bytes != 32 || f.Age < 47*time.Hour || f.Why != "there is no image.manifest.xml" {
			w.Errorf("finding is %+v", f)
		}
		if err := w.collect(w.Context()); err != nil {
			w.Error(err)
		}
		w.has(append(whole("web"), "half/x.part.1.txt", "half/.x.part.1", "half/part.1", "half/image.part.", "half/readme")...)
	})
}

func TestHalfUploadKept(t *testing.T) {
	for name, c := range map[string]struct {
		make func(w *world)
		want []string
	}{
		"young":                     {func(w *world) { w.MinAge = 72 * time.Hour }, nil},
		"manifest of the same name": {func(w *world) { w.image(w.bundle("half"), "half") }, nil},
		"named by another manifest": {func(w *world) {
			doc := w.document("other", "image.part.07")
			w.put("half/image.part.07", nil)
			w.put("half/other.manifest.xml", doc)
			w.image(registry.Image{Location: w.at("half/other.manifest.xml")}, "half")
		}, nil},
		"image whose manifest is lost": {func(w *world) {
			m := w.image(registry.Image{Location: w.at("half/lost.manifest.xml")}, "half")
			if _, err := w.Engine.Modify(w.Context(), m.ID, registry.Caller{}, registry.Label(registry.Tag{Key: "keep"})); err != nil {
				w.Fatal(err)
			}
			w.Narrow, w.Region = true, "elsewhere"
		}, nil},
		"unreadable record": {func(w *world) {
			w.put(".registry/v1/images/ami-0123456789abcdef0.json", []byte("{"))
		}, []string{"half-upload half/image.part.* keep"}},
		"unreadable manifest": {func(w *world) {
			w.put("half/web.manifest.xml", []byte("no XML"))
		}, []string{"half-upload half/image.part.* keep", "unreadable half/web.manifest.xml keep"}},
		"account": {func(w *world) { w.By.Account = account }, []string{"half-upload half/image.part.* keep"}},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(w *world) {
				w.image(w.bundle("web"), "web")
				w.put("half/image.part.08", []byte("half of a part.."))
				c.make(w)
				w.wants(c.want...)
				if err := w.collect(w.Context()); err != nil {
					w.Error(err)
				}
				if err := stat(w.Context(), place{w.Trees[0], w.in("half")}, "image.part.08"); err != nil {
					w.Error(err)
				}
			})
		})
	}
}

// What is only called like parts stays.
func TestHalfUploadSizes(t *testing.T) {
	for name, tt := range map[string]struct {
		sizes map[string]int
		want  Action
	}{
		"one":             {map[string]int{"00": 16}, Delete},
		"last is smaller": {map[string]int{"00": 32, "01": 32, "02": 16}, Delete},
		"with a gap":      {map[string]int{"03": 32, "07": 32}, Delete},
		"three digits":    {map[string]int{"99": 32, "100": 16}, Delete},
		"no blocks":       {map[string]int{"00": 15}, Keep},
		"one byte more":   {map[string]int{"00": 32, "01": 17}, Keep},
		"last is larger":  {map[string]int{"00": 16, "01": 32}, Keep},
		"all differ":      {map[string]int{"00": 48, "01": 32, "02": 16}, Keep},
		"first differs":   {map[string]int{"00": 16, "01": 32, "02": 32}, Keep},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(w *world) {
				w.image(w.bundle("web"), "web")
				for number, size := range tt.sizes {
					w.put("half/image.part."+number, make([]byte, size))
				}
				w.wants("half-upload half/image.part.* " + string(tt.want))
			})
		})
	}
}

// A part that came later makes the others young.
func TestHalfUploadUnderWay(t *testing.T) {
	onEach(t, func(w *world) {
		w.image(w.bundle("web"), "web")
		w.put("half/image.part.00", nil)
		w.put("half/image.part.01", nil)
		came := w.came("half/image.part.01")
		w.Now = func() time.Time { return came.Add(w.MinAge).Add(-1) }
		w.wants()
		w.Now = func() time.Time { return came.Add(w.MinAge) }
		w.wants("half-upload half/image.part.* delete")
	})
}
