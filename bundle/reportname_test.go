package bundle

import "testing"

func TestReportName(t *testing.T) {
	for name, want := range map[string]string{
		"image.manifest.xml":           "image.audit.json",
		"image.manifest.xml.encrypted": "image.audit.json",
		"web.xml":                      "web.xml.audit.json",
		".manifest.xml":                ".manifest.xml.audit.json",
	} {
		if got := ReportName(name); got != want {
			t.Errorf("of %s: %s, want %s", name, got, want)
		}
	}
}

// A report goes with its bundle, that of another one stays.
func TestRemoveTakesReport(t *testing.T) {
	st := manyParts(t, 3)
	st.putRaw("image.audit.json", []byte("{}"))
	st.putRaw("other.audit.json", []byte("{}"))
	if err := Remove(t.Context(), st, doc); err != nil {
		t.Error(err)
	}
	wantNames(t, st, "other.audit.json")
	if removed := st.calls["remove"]; removed[len(removed)-1] != doc {
		t.Errorf("%s was removed last, want the manifest", removed[len(removed)-1])
	}
}
