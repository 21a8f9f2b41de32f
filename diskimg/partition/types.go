package partition

import "fmt"

// The types that this project looks for, as Partition.Type has them.
const (
	TypeESP      = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b" // GPT: EFI system partition
	TypeBIOSBoot = "21686148-6449-6e6f-744e-656564454649" // GPT: where GRUB keeps what does not fit the MBR
	TypeLinux    = "0fc63daf-8483-4772-8e79-3d69d8477de4" // GPT: Linux file system data
	TypeMBRLinux = "0x83"
	TypeMBRESP   = "0xef"
)

// mbrType spells the type of an MBR partition as blkid does.
func mbrType(kind byte) string { return fmt.Sprintf("0x%x", kind) }

// typeName returns what a type is called, or nothing if it is not common.
func typeName(kind string) string {
	return map[string]string{
		TypeESP:                                "EFI system",
		TypeBIOSBoot:                           "BIOS boot",
		TypeLinux:                              "Linux file system",
		"4f68bce3-e8cd-4db1-96e7-fbcaf984b709": "Linux root (x86-64)",
		"44479540-f297-41b2-9af7-d131d5f0458a": "Linux root (x86)",
		"b921b045-1df0-41c3-af44-4c6f280d3fae": "Linux root (ARM-64)",
		"bc13c2ff-59e6-4262-a352-b275fd6f7172": "Linux extended boot",
		"0657fd6d-a4ab-43c4-84e5-0933c84b4f4f": "Linux swap",
		"933ac7e1-2eb4-4f13-b844-0e14e2aef915": "Linux home",
		"3b8f8425-20e0-4f3b-907f-1a25a76f98e8": "Linux server data",
		"e6d6d379-f507-44c2-a23c-238f2a3df928": "Linux LVM",
		"a19d880f-05fc-4d3b-a006-743f0f84911e": "Linux RAID",
		"ca7d7ccb-63ed-4c53-861c-1742536059cc": "Linux LUKS",
		"9e1a2d38-c612-4316-aa26-8b49521e5a8b": "PowerPC PReP boot",
		"e3c9e316-0b5c-4db8-817d-f92df00215ae": "Microsoft reserved",
		"ebd0a0a2-b9e5-4433-87c0-68b6b72699c7": "Microsoft basic data",
		"de94bba4-06d1-4d40-a16a-bfd50179d6ac": "Windows recovery",
		"83bd6b9d-7f41-11dc-be0b-001560b84f0f": "FreeBSD boot",
		"516e7cb5-6ecf-11d6-8ff8-00022d09712b": "FreeBSD swap",
		"516e7cb6-6ecf-11d6-8ff8-00022d09712b": "FreeBSD UFS",
		"516e7cba-6ecf-11d6-8ff8-00022d09712b": "FreeBSD ZFS",
		"6a898cc3-1dd2-11b2-99a6-080020736631": "Solaris /usr or Apple ZFS",

		"0x1": "FAT12", "0x4": "FAT16 below 32 MB", "0x6": "FAT16", "0xe": "FAT16 (LBA)",
		"0xb": "FAT32", "0xc": "FAT32 (LBA)", "0x7": "NTFS or exFAT", "0x27": "Windows recovery",
		"0x5": "extended", "0xf": "extended (LBA)", "0x85": "Linux extended",
		TypeMBRLinux: "Linux", "0x82": "Linux swap", "0x8e": "Linux LVM", "0xfd": "Linux RAID",
		"0xa5": "FreeBSD", "0xa6": "OpenBSD", "0xa9": "NetBSD",
		"0xee": "GPT", TypeMBRESP: "EFI system",
	}[kind]
}
