package manifest

import (
	"crypto/rsa"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const vectors = "../testdata/bundle"

// read returns a file of the vectors.
func read(tb testing.TB, path ...string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{vectors}, path...)...))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func testKey(tb testing.TB, name string) *rsa.PrivateKey {
	tb.Helper()
	key, err := ParsePrivateKey(read(tb, "keys", name+"-key.pem"))
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// rows returns the lines of a table by the names of its columns.
func rows(tb testing.TB, path string) []map[string]string {
	tb.Helper()
	lines := strings.Split(strings.TrimSpace(string(read(tb, path))), "\n")
	head := strings.Split(lines[0], "\t")
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := make(map[string]string)
		for i, cell := range strings.Split(line, "\t") {
			row[head[i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

func TestGoodVectors(t *testing.T) {
	for _, row := range rows(t, "INDEX.tsv") {
		t.Run(row["dir"], func(t *testing.T) {
			m, err := Parse(read(t, row["dir"], row["manifest"]))
			if err != nil {
				t.Fatal(err)
			}
			key := testKey(t, row["key"])
			if err := m.Verify(&key.PublicKey); err != nil {
				t.Error(err)
			}
			ck, by, err := m.Unwrap(key)
			if err != nil || by != Owner {
				t.Fatalf("unwrap: role %q, error %v", by, err)
			}
			if got := hex.EncodeToString(ck.Key[:]); got != row["aes_key"] {
				t.Errorf("key is %s, want %s", got, row["aes_key"])
			}
			if got := hex.EncodeToString(ck.IV[:]); got != row["aes_iv"] {
				t.Errorf("IV is %s, want %s", got, row["aes_iv"])
			}
		})
	}
}
