package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRegistryRows(t *testing.T) {
	const text = `goos: linux
BenchmarkRegistry/directory/100/register-2         	      73	  16300228 ns/op
BenchmarkRegistry/s3/50000/describe-2              	    2167	    537608 ns/op
BenchmarkRegistry/s3/50000/list-2                  	       1	3402940296 ns/op	 12 B/op
BenchmarkRegistry/postgres/50000/list              	       1	1402940296 ns/op
BenchmarkOther-2                                   	       1	1402940296 ns/op
PASS
`
	want := []row{
		{what: "directory, 100 images, register", ours: "16.3 ms"},
		{what: "s3, 50000 images, describe", ours: "0.5 ms"},
		{what: "s3, 50000 images, list", ours: "3.40 s", target: "< 3 s", verdict: "**MISSED**"},
		{what: "postgres, 50000 images, list", ours: "1.40 s"},
	}
	if diff := cmp.Diff(want, registryRows(text), cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}
