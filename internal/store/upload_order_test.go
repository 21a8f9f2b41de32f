package store

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestOrder(t *testing.T) {
	type call struct{ off, n int64 }
	tests := []struct {
		name       string
		head, size int64
		calls      []call
		want       string // in the error; "" if there is none
	}{
		{"nothing", 0, -1, nil, ""},
		{"in order", 0, -1, []call{{0, 10}, {10, 0}, {10, 5}}, ""},
		{"of known size", 0, 15, []call{{0, 10}, {10, 5}}, ""},
		{"an empty call anywhere", 0, -1, []call{{7, 0}}, ""},
		{"the head last", 100, 120, []call{{100, 20}, {0, 100}}, ""},
		{"the head in any order", 100, -1, []call{{100, 20}, {50, 10}, {90, 10}, {0, 50}, {60, 30}}, ""},
		{"only a head", 100, -1, []call{{1, 99}, {0, 1}}, ""},

		{"a gap", 0, -1, []call{{0, 10}, {11, 5}}, "byte 11 comes where byte 10 must"},
		{"twice", 0, -1, []call{{0, 10}, {9, 5}}, "byte 9 comes where byte 10 must"},
		{"not from the start", 0, -1, []call{{1, 5}}, "byte 1 comes where byte 0 must"},
		{"not from the end of the head", 100, -1, []call{{101, 5}}, "byte 101 comes where byte 100 must"},
		{"negative offset", 0, -1, []call{{-1, 5}}, "are none"},
		{"negative length", 0, -1, []call{{0, -5}}, "are none"},
		{"too long", 0, 10, []call{{0, 11}}, "more than 10 bytes"},
		{"too long for S3", 0, -1, []call{{0, MaxObject + 1}}, "more than 5497558138880 bytes"},
		{"too long to add up", 0, -1, []call{{0, 1}, {1, 1<<63 - 1}}, "more than"},
		{"too short", 0, 10, []call{{0, 9}}, "ends at byte 9 of 10"},
		{"nothing of something", 0, 1, nil, "ends at byte 0 of 1"},
		{"no head", 100, -1, []call{{100, 5}}, "head of 100 bytes is not complete"},
		{"a hole in the head", 100, -1, []call{{0, 50}, {51, 49}}, "head of 100 bytes is not complete"},
		{"a head cut short", 100, -1, []call{{0, 99}}, "head of 100 bytes is not complete"},
		{"the head twice", 100, -1, []call{{0, 50}, {49, 51}}, "come twice"},
		{"the head twice, from below", 100, -1, []call{{50, 10}, {40, 11}}, "come twice"},
		{"the head twice, around", 100, -1, []call{{50, 10}, {0, 100}}, "come twice"},
		{"the same of the head", 100, -1, []call{{50, 10}, {50, 10}}, "come twice"},
		{"across the head's end", 100, -1, []call{{90, 20}}, "cross the end of the head"},
		{"after the head", 100, -1, []call{{0, 100}, {100, 5}}, "after the head"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opts := UploadOptions{Size: tt.size, Head: tt.head}
			o := order{head: tt.head, most: opts.most(), size: tt.size, end: tt.head}
			var err error
			for _, c := range tt.calls {
				if err = o.add(c.off, c.n); err != nil {
					break
				}
			}
			if err == nil {
				if err = o.whole(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("%v is not io.ErrUnexpectedEOF", err)
				}
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestUploadOptions(t *testing.T) {
	tests := []struct {
		opts UploadOptions
		want string
	}{
		{UploadOptions{}, ""},
		{UploadOptions{Size: -1, Limit: 100, Head: 100}, ""},
		{UploadOptions{Size: MaxObject, Head: maxPart}, ""},
		{UploadOptions{Size: -2}, "negative"},
		{UploadOptions{Size: -1, Limit: -1}, "negative"},
		{UploadOptions{Size: -1, Head: -1}, "negative"},
		{UploadOptions{Size: MaxObject + 1}, "more than an object in S3 can have"},
		{UploadOptions{Size: -1, Limit: MaxObject + 1}, "more than an object in S3 can have"},
		{UploadOptions{Size: -1, Head: maxPart + 1}, "longer than a part"},
		{UploadOptions{Size: 10, Head: 11}, "longer than the object"},
		{UploadOptions{Size: -1, Limit: 10, Head: 11}, "longer than the object"},
	}
	for _, tt := range tests {
		err := tt.opts.check()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%+v: %v, want %q", tt.opts, err, tt.want)
		}
	}
}
