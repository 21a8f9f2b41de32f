package diskimg

import "context"

func newStreamVMDK(t Target, size int64, o *CreateOptions) (func(context.Context) encoder, Layout, error) {
	return nil, Layout{}, unsupportedf("not done yet (issue 3)")
}

func newSparseVMDK(t Target, size int64, o *CreateOptions) (func(context.Context) encoder, Layout, error) {
	return nil, Layout{}, unsupportedf("not done yet (issue 3)")
}
