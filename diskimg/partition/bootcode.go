package partition

import "fmt"

// codeSize is how much code fits into an MBR, in bytes: the disk ID follows.
const codeSize = diskIDOffset

// legacyBoot is the attribute of the GPT partition that the code in the MBR is to boot [UEFI 2.10, table 5.8].
const legacyBoot = 1 << 2

// CheckBootCode refuses boot code that has no room in front of the partition of a disk with a table of that kind, and
// what is longer than an MBR has room for without being a boot sector.
func CheckBootCode(kind Kind, code []byte) error {
	switch n := len(code); {
	case n == 0:
		return fmt.Errorf("boot code: there are no bytes of it")
	case kind == GPT && n > codeSize:
		return fmt.Errorf("boot code: %d bytes do not fit into the %d of an MBR, and behind it is the GPT: use an mbr table, "+
			"behind which there is room for a core.img, or let the firmware boot (EFI)", n, codeSize)
	case n > mib:
		return fmt.Errorf("boot code: %d bytes are more than the %d in front of the partition", n, mib)
	case n > codeSize && (n < sectorSize || !hasSignature(code)):
		return fmt.Errorf("boot code: its first sector does not end in 55 AA, so that a BIOS would not start it")
	}
	return nil
}

// putBootCode writes boot code around what an MBR has beside it. What the code has in the place of the disk ID, of the
// table and of the signature is left out.
func (w *Wrapping) putBootCode(code []byte) error {
	if code == nil {
		return nil
	}
	if err := CheckBootCode(w.Kind, code); err != nil {
		return err
	}
	copy(w.Head[:codeSize], code)
	if len(code) > sectorSize {
		copy(w.Head[sectorSize:], code[sectorSize:])
	}
	return nil
}
