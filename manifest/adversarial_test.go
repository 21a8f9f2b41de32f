package manifest

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// errLater marks a hostile bundle whose manifest is in order: its parts or its content are to be refused.
var errLater = errors.New("a later stage refuses or accepts it")

// hostile is what each manifest of adversarial/EXPECT.tsv comes to here: the element that Parse names, or
// the error of Verify with the owner's key, or that of Unwrap.
var hostile = map[string]any{
	"name-dotdot":         "image/parts/part[0]/filename",
	"name-absolute":       "image/parts/part[0]/filename",
	"name-dot":            "image/parts/part[0]/filename",
	"name-nul-like":       errLater, // %00 is a legal name, of a part that is not there
	"name-backslash":      "image/parts/part[0]/filename",
	"name-shell":          "image/parts/part[0]/filename",
	"name-dup":            "image/parts/part[1]/filename",
	"imgname-dotdot":      "image/name",
	"imgname-empty":       "image/name",
	"count-too-small":     "image/parts/@count",
	"count-negative":      "image/parts/@count",
	"count-nonnum":        "image/parts/@count",
	"index-duplicate":     "image/parts/part[1]/@index",
	"index-negative":      "image/parts/part[2]/@index",
	"index-missing":       "image/parts/part[2]/@index",
	"parts-reordered":     errLater, // accepted
	"digest-part-missing": "image/parts/part[0]/digest",
	"digest-part-wrong":   errLater, // the part's SHA-1 differs
	"digest-part-odd":     "image/parts/part[0]/digest",
	"digest-part-upper":   "image/parts/part[0]/digest",

	"digest-image-missing": "image/digest",
	"digest-image-zero":    "image/digest",
	"size-negative":        "image/size",
	"size-huge":            "image/size",
	"size-small":           errLater, // the tar member is larger
	"size-plus":            "image/size",
	"bundled-size-wrong":   errLater, // the parts' lengths differ
	"key-badhex":           "image/user_encrypted_key",
	"key-raw16":            ErrKey,
	"key-shell":            ErrKey,
	"key-wrong-recipient":  ErrKey,

	"xml-entity-bomb":     "manifest",
	"xml-external-entity": "manifest",
	"xml-deep":            "a",
	"xml-empty":           "manifest",
	"xml-two-roots":       "manifest",
	"xml-namespace":       "manifest",
	"xml-comment-in-name": "image/name",
	"xml-utf16":           "manifest",
	"sig-flipped":         ErrSignature,
	"sig-missing":         ErrUnsigned,
	"sig-unsigned":        ErrUnsigned,
	"sig-tampered-kernel": ErrSignature,
	"sig-tampered-user":   ErrSignature,
	"sig-wrap-dup-image":  "image",
	"sig-wrap-cdata":      "note",
	"version-old":         "version",
	"version-empty":       "version",

	"bundle-ok":                            errLater, // accepted
	"bundle-tar-absolute":                  errLater,
	"bundle-tar-symlink-then-file":         errLater,
	"bundle-tar-hardlink":                  errLater,
	"bundle-tar-chardev":                   errLater,
	"bundle-tar-directory":                 errLater,
	"bundle-tar-size-larger-than-manifest": errLater,
	"bundle-tar-truncated":                 errLater,
	"bundle-tar-pax":                       errLater, // accepted
	"bundle-sparse-ok":                     errLater, // accepted
	"bundle-sparse-bomb-8TiB":              errLater,
	"bundle-sparse-overlap":                errLater,
	"bundle-sparse-beyond-realsize":        errLater,
	"bundle-gzip-bomb-512MiB":              errLater,
	"bundle-gzip-trailing-junk":            errLater,
	"bundle-not-gzip":                      errLater,
	"bundle-part-truncated":                errLater,
	"bundle-part-swapped":                  errLater,
	"bundle-padding-bad":                   errLater,
}

func TestHostileVectors(t *testing.T) {
	listed := strings.Split(strings.TrimSpace(string(read(t, "adversarial", "EXPECT.tsv"))), "\n")
	if len(listed) != len(hostile) {
		t.Errorf("EXPECT.tsv lists %d cases, this test %d", len(listed), len(hostile))
	}
	for _, line := range listed {
		name, _, _ := strings.Cut(line, "\t")
		t.Run(name, func(t *testing.T) {
			want, ok := hostile[name]
			if !ok {
				t.Fatal("this test does not know the case")
			}
			outcome(t, read(t, "adversarial", manifestOf(name)), want)
		})
	}
}

func manifestOf(name string) string {
	if strings.HasPrefix(name, "bundle-") {
		return filepath.Join(name, "x.img.manifest.xml")
	}
	return name + ".manifest.xml"
}

// outcome checks what document comes to.
func outcome(t *testing.T, document []byte, want any) {
	t.Helper()
	key := testKey(t, "user2048")
	m, err := Parse(document)
	if element, ok := want.(string); ok {
		if e, ok := errors.AsType[*Error](err); !ok || e.Element != element {
			t.Fatalf("Parse: error %v, want one of element %s", err, element)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if err = m.Verify(&key.PublicKey); err == nil {
		_, _, err = m.Unwrap(key)
	}
	if want := want.(error); !errors.Is(err, want) && (err != nil || want != errLater) {
		t.Errorf("error is %v, want %v", err, want)
	}
}

// The order of the document does not decide, the index does.
func TestReorderedParts(t *testing.T) {
	m, err := Parse(read(t, "adversarial", "parts-reordered.manifest.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range m.Image.Parts {
		if want := "tiny.img.part." + string(rune('0'+i)); p.Name != want {
			t.Errorf("part %d is %s, want %s", i, p.Name, want)
		}
	}
}
