package main

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	ours := &racer{samples: []sample{took(9, 50), took(2, 50), took(1, 50)}}
	theirs := &racer{samples: []sample{took(5, 49)}}
	heavy := &racer{samples: []sample{{memory: 160 << 20}}}
	absent := &racer{absent: errors.New("apt-get install pigz")}
	table := &table{title: "Title."}
	table.add(
		faster("fast", ours, theirs, 2.5),
		faster("slow", ours, theirs, 2.6),
		faster("free", ours, theirs, 0),
		faster("even", ours, ours, 0.95),
		faster("alone", ours, absent, 2),
		larger("large", ours, theirs, 2),
		larger("fits", ours, theirs, 3),
		larger("any", ours, theirs, 0),
		larger("alone", ours, absent, 3),
		memory("memory", heavy, nil, 160<<20),
		memory("against theirs", heavy, heavy, 161<<20),
		seconds("quick", 4.9, 5),
		seconds("as it is", 4.9, 0),
	)
	var got bytes.Buffer
	if err := table.write(&got); err != nil {
		t.Fatal(err)
	}
	want := `Title.

| what | ours | theirs | ratio | target | |
| --- | ---: | ---: | ---: | ---: | --- |
| fast | 2.00 s | 5.00 s | 2.5× | ≥ 2.5× | met |
| slow | 2.00 s | 5.00 s | 2.5× | ≥ 2.6× | **MISSED** |
| free | 2.00 s | 5.00 s | 2.5× |  |  |
| even | 2.00 s | 2.00 s | 1.00× | ≥ 0.95× | met |
| alone | 2.00 s |  |  | ≥ 2.0× | not measured: apt-get install pigz |
| large | 50.0 MiB | 49.0 MiB | +2.0 % | ≤ +2 % | **MISSED** |
| fits | 50.0 MiB | 49.0 MiB | +2.0 % | ≤ +3 % | met |
| any | 50.0 MiB | 49.0 MiB | +2.0 % |  |  |
| alone | 50.0 MiB |  |  | ≤ +3 % | not measured: apt-get install pigz |
| memory | 160.0 MiB |  |  | < 160.0 MiB | **MISSED** |
| against theirs | 160.0 MiB | 160.0 MiB |  | < 161.0 MiB | met |
| quick | 4.90 s |  |  | < 5 s | met |
| as it is | 4.90 s |  |  |  |  |
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
}

// took returns a sample of that many seconds and that many MiB of output.
func took(seconds, output int64) sample {
	return sample{elapsed: time.Duration(seconds) * time.Second, output: output << 20}
}
