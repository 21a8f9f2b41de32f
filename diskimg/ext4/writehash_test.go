package ext4

import "testing"

// TestHashEnd is about a name that has the hash which Linux keeps for the end of a directory.
func TestHashEnd(t *testing.T) {
	if hash, _ := hashName(hashSeed(testOptions(0).UUID), "2ad8f98f"); hash != 0xfffffffc {
		t.Errorf("the hash is %#x", hash)
	}
}
