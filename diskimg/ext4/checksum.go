package ext4

import "hash/crc32"

// castagnoli is the polynomial of all checksums but those of uninit_bg (gdt_csum).
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// crc32c goes on with sum over p, as the kernel's crc32c does: it begins with ^0 or a seed and does not invert the end.
func crc32c(sum uint32, p []byte) uint32 { return ^crc32.Update(^sum, castagnoli(), p) }
