package manifest

import (
	"bytes"
	"testing"
)

// tenThousand is the manifest of a bundle of 100 GB.
func tenThousand() *Manifest {
	m := full()
	m.Image.Parts = manyParts(10_000)
	return m
}

func BenchmarkParse(b *testing.B) {
	document := signed(b, tenThousand())
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(document); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	m, key := tenThousand(), testKey(b, "user2048")
	b.SetBytes(int64(len(signed(b, m))))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Sign(key); err != nil {
			b.Fatal(err)
		}
	}
}

// Hostile documents of the greatest length cost no more than good ones.
func BenchmarkParseHostile(b *testing.B) {
	good := signed(b, full())
	for _, tt := range []struct{ name, old, filler string }{
		{"nesting", "<version>", "<a>"},
		{"attributes", "<version>", "<version a='"},
		{"space", "<version>", "        "},
		{"parts", "<part index='0'>", "<part index='0'><filename>a</filename><digest>0000000000000000000000000000000000000000</digest></part>"},
		{"codes", "<product_code>", "<product_code>a</product_code>"},
		{"text", "disk.img<", "aaaaaaaa"},
		{"references", "disk.img<", "&#97;"},
	} {
		filler := bytes.Repeat([]byte(tt.filler), (MaxSize-len(good))/len(tt.filler))
		document := bytes.Replace(good, []byte(tt.old), append(filler, tt.old...), 1)
		b.Run(tt.name, func(b *testing.B) {
			b.SetBytes(int64(len(document)))
			b.ReportAllocs()
			for b.Loop() {
				Parse(document)
			}
		})
	}
}
