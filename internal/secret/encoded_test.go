package secret_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"amiforge/internal/secret"
)

func TestEncoded(t *testing.T) {
	plain := strings.Repeat("what stands in base64, with some length\n", 9)
	code := base64.StdEncoding.EncodeToString([]byte(plain))
	fold := func(n int, indent string) string {
		var lines []string
		for len(code) > 0 && len(lines) < 100 {
			at := min(n, len(code)-n*len(lines))
			if at <= 0 {
				break
			}
			lines = append(lines, indent+code[n*len(lines):n*len(lines)+at])
		}
		return strings.Join(lines, "\n")
	}
	for name, text := range map[string]string{
		"one line": code, "quoted": `key: "` + code + `"`, "assigned": "x=" + code, "MIME": "Content-Transfer-Encoding: base64\n\n" + fold(76, "") + "\n--==",
		"carriage returns": strings.ReplaceAll(fold(64, ""), "\n", "\r\n"), "indented": "data: |\n" + fold(76, "    ") + "\nnext: 1\n",
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for at, decoded := range secret.Encoded([]byte(text), 0, len(text)) {
				if !strings.HasPrefix(text[at:], code[:60]) {
					t.Errorf("at %d", at)
				}
				got = append(got, string(decoded))
			}
			if fmt.Sprint(got) != fmt.Sprint([]string{plain}) {
				t.Errorf("got %q", got)
			}
		})
	}
	for _, text := range []string{"", "short", code[:63], strings.Repeat("word and ", 99), strings.Repeat("/usr-lib", 99)} {
		for _, decoded := range secret.Encoded([]byte(text), 0, len(text)) {
			t.Errorf("%q: got %q", text, decoded)
		}
	}
	for range secret.Encoded([]byte("A"+code), 1, len(code)) {
		t.Error("a piece of base64 is decoded")
	}
}

func FuzzEncoded(f *testing.F) {
	f.Add([]byte(strings.Repeat("QUJD", 40)), 0)
	f.Add([]byte(strings.Repeat(strings.Repeat("QUJD", 16)+"\r\n ", 9)), 3)
	f.Fuzz(func(t *testing.T, p []byte, from int) {
		last := -1
		for at, decoded := range secret.Encoded(p, max(0, min(from, len(p))), len(p)) {
			if at <= last || len(decoded) > len(p)-at {
				t.Fatalf("%d bytes at %d, behind %d", len(decoded), at, last)
			}
			last = at
		}
	})
}
