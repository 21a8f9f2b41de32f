package diskimg

import "testing"

func TestVMDKHeaderSize(t *testing.T) {
	h := vmdkHeader{Magic: [4]byte([]byte(vmdkMagic)), Version: 3, Capacity: 7}
	if b := h.bytes(); len(b) != SectorSize || parseVMDKHeader(b) != h {
		t.Errorf("%d bytes, or it does not come back", len(b))
	}
	if b := (&vmdkMarker{}).bytes(); len(b) != SectorSize {
		t.Errorf("a marker is %d bytes long", len(b))
	}
}
