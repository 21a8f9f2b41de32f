package diskimg

import (
	"context"
	"io"
)

func openVHD(r io.ReaderAt, size int64) (image, error) {
	return nil, unsupportedf("not done yet (issue 3)")
}

func newFixedVHD(t Target, size int64, o *CreateOptions) (func(context.Context) encoder, Layout, error) {
	return nil, Layout{}, unsupportedf("not done yet (issue 3)")
}

func newDynamicVHD(t Target, size int64, o *CreateOptions) (func(context.Context) encoder, Layout, error) {
	return nil, Layout{}, unsupportedf("not done yet (issue 3)")
}
