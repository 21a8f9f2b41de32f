#!/usr/bin/env bash
# Makes a disk of the tree of tree.sh that boots on a PC with a BIOS and a virtio disk, up to a login prompt on its first
# serial port. It takes 1 GB in TMPDIR, and 400 MB in the end.
#
# usage: make.sh ARCHIVE.tar DISK
#
# Needs root, for the owners of the files, and the programs that make boot-deps installs.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

boot_id=b0075e57                          # of the FAT file system with boot loader, kernel and initramfs
root_id=b0075e57-0000-4000-8000-000000000001 # of the ext4 file system with everything
mbr=/usr/lib/syslinux/mbr/mbr.bin

# The partitions, in MiB. There is room behind the last one, and half a block of VHD at the end.
boot_start=1 boot_size=64 root_start=65 root_size=900 disk_size=1025

stop() { echo "${0##*/}: $*" >&2 && exit 1; }

# quietly runs a command, and shows what it printed only if it fails.
quietly() { "$@" >"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2 && stop "${1##*/} failed"; }; }

# make_boot makes the first file system. syslinux lives on FAT and, unlike extlinux, does not need it mounted.
make_boot() {
	truncate -s "${boot_size}M" "$work/boot.fat"
	quietly mkfs.vfat -F 16 -n BOOT -i "$boot_id" "$work/boot.fat"
	cat >"$work/syslinux.cfg" <<-END
		DEFAULT debian
		LABEL debian
		  LINUX vmlinuz
		  INITRD initrd.img
		  APPEND root=UUID=$root_id rw console=ttyS0,115200 loglevel=4 panic=1
	END
	quietly mcopy -i "$work/boot.fat" "$work/syslinux.cfg" ::
	quietly mcopy -i "$work/boot.fat" "$tree"/boot/vmlinuz-* ::vmlinuz
	quietly mcopy -i "$work/boot.fat" "$tree"/boot/initrd.img-* ::initrd.img
	quietly syslinux --install "$work/boot.fat"
}

make_root() {
	quietly mke2fs -q -t ext4 -L root -U "$root_id" -E "hash_seed=$root_id" -d "$tree" \
		"$work/root.ext4" "${root_size}M"
}

# put copies a file into the disk, from a MiB on, its holes left out.
put() { dd if="$1" of="$work/disk" bs=1M seek="$2" conv=notrunc,sparse status=none; }

assemble() {
	truncate -s "${disk_size}M" "$work/disk"
	quietly sfdisk "$work/disk" <<-END
		label: dos
		label-id: 0x$boot_id
		start=${boot_start}MiB, size=${boot_size}MiB, type=e, bootable
		start=${root_start}MiB, size=${root_size}MiB, type=83
	END
	dd if="$mbr" of="$work/disk" conv=notrunc status=none
	put "$work/boot.fat" "$boot_start"
	put "$work/root.ext4" "$root_start"
}

[ $# = 2 ] || stop "usage: ${0##*/} ARCHIVE.tar DISK"
[ "$(id -u)" = 0 ] || stop "the files in the disk are root's: sudo $0 $1 $2"
[ -r "$mbr" ] || stop "$mbr is missing: make boot-deps installs it"

mkdir -p "$(dirname "$2")"
[ -O "$(dirname "$2")" ] || stop "$(dirname "$2") belongs to somebody else, who could exchange the disk"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree

echo "making a disk, $2, of $1" >&2
mkdir "$tree"
tar --numeric-owner --xattrs --xattrs-include='*' --acls -xf "$1" -C "$tree"
make_boot
make_root
assemble
cp --sparse=always "$work/disk" "$2.tmp"
mv "$2.tmp" "$2"
