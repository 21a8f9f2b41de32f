package ext4

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// hashHalfMD4 is the number of the hash of names in directories. Characters are unsigned: see flagUnsignedHash.
const hashHalfMD4 = 1

// hashSeed derives what the hashes of names begin with from the UUID.
func hashSeed(uuid [16]byte) (seed [4]uint32) {
	sum := sha256.Sum256(append([]byte("ext4 hash seed "), uuid[:]...))
	for i := range seed {
		seed[i] = binary.LittleEndian.Uint32(sum[4*i:])
	}
	return seed
}

// hashEnd is the hash that Linux has for the end of a directory. A name that would have it gets the one before.
const hashEnd = ^uint32(1)

// hashName returns the hash that an index goes by, which is even, and a minor one [ext4, "Directory Hashes"].
func hashName(seed [4]uint32, name string) (hash, minor uint32) {
	for {
		halfMD4(&seed, hashWords(name))
		if len(name) <= 32 {
			return min(seed[1]&^1, hashEnd-2), seed[2]
		}
		name = name[32:]
	}
}

// hashWords makes eight words of 32 bytes of the name, filled with the length of what is left of it.
func hashWords(name string) (words [8]uint32) {
	pad := uint32(len(name)) | uint32(len(name))<<8
	pad |= pad << 16
	name = name[:min(len(name), 32)]
	for i := range words {
		words[i] = pad
		for _, c := range []byte(name[:min(4, len(name))]) {
			words[i] = words[i]<<8 + uint32(c)
		}
		name = name[min(4, len(name)):]
	}
	return words
}

// halfMD4 is MD4 (RFC 1320) with half of the steps.
func halfMD4(state *[4]uint32, in [8]uint32) {
	v := *state
	step := func(f func(x, y, z uint32) uint32, add uint32, order [8]int, shifts [4]int) {
		for i, k := range order {
			a, b, c, d := &v[-i&3], v[(1-i)&3], v[(2-i)&3], v[(3-i)&3]
			*a = bits.RotateLeft32(*a+f(b, c, d)+in[k]+add, shifts[i&3])
		}
	}
	step(func(x, y, z uint32) uint32 { return z ^ x&(y^z) }, 0, [8]int{0, 1, 2, 3, 4, 5, 6, 7}, [4]int{3, 7, 11, 19})
	step(func(x, y, z uint32) uint32 { return x&y + (x^y)&z }, 0x5a827999, [8]int{1, 3, 5, 7, 0, 2, 4, 6}, [4]int{3, 5, 9, 13})
	step(func(x, y, z uint32) uint32 { return x ^ y ^ z }, 0x6ed9eba1, [8]int{3, 7, 2, 6, 1, 5, 0, 4}, [4]int{3, 9, 11, 15})
	for i := range state {
		state[i] += v[i]
	}
}
