#!/usr/bin/env bash
# Makes a small Debian disk that boots on a PC with a BIOS and a virtio disk, up to a login prompt on its first
# serial port. It takes a minute or two, 1 GB in TMPDIR, and 350 MB in the end.
#
# usage: make.sh DISK
#
# Needs root, for debootstrap, and the programs that make boot-deps installs. MIRROR is the Debian mirror to use.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

name=amiforge-boot                        # the host's, in the login prompt
mirror=${MIRROR:-http://deb.debian.org/debian}
boot_id=b0075e57                          # of the FAT file system with boot loader, kernel and initramfs
root_id=b0075e57-0000-4000-8000-000000000001 # of the ext4 file system with everything
mbr=/usr/lib/syslinux/mbr/mbr.bin

# The partitions, in MiB. There is room behind the last one, and half a block of VHD at the end.
boot_start=1 boot_size=64 root_start=65 root_size=900 disk_size=1025

stop() { echo "${0##*/}: $*" >&2 && exit 1; }

# quietly runs a command, and shows what it printed only if it fails.
quietly() { "$@" >"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2 && stop "${1##*/} failed"; }; }

# bootstrap fills the tree with what a login prompt takes. What debootstrap mounts there goes away with it.
bootstrap() {
	quietly unshare --mount debootstrap --variant=minbase \
		--include=linux-image-cloud-amd64,initramfs-tools,zstd,systemd-sysv,udev bookworm "$tree" "$mirror"
}

# configure makes the tree a machine of its own: debootstrap takes names from the one that it runs on.
configure() {
	echo "$name" >"$tree/etc/hostname"
	echo "UUID=$root_id / ext4 defaults 0 1" >"$tree/etc/fstab"
	: >"$tree/etc/machine-id"
	rm -f "$tree/etc/resolv.conf"
	rm -rf "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/*
	find "$tree/var/log" -type f -delete
}

# shrink_initramfs leaves in it what finds the root: an emulated processor takes its time to unpack the rest.
shrink_initramfs() {
	printf '%s\n' MODULES=list COMPRESS=zstd FSTYPE=ext4 >"$tree/etc/initramfs-tools/conf.d/boot"
	printf '%s\n' virtio_pci virtio_blk ext4 >>"$tree/etc/initramfs-tools/modules"
	quietly chroot "$tree" update-initramfs -u -k all
}

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

[ $# = 1 ] || stop "usage: ${0##*/} DISK"
[ "$(uname -sm)" = "Linux x86_64" ] || stop "the disk is for x86_64, and its programs run while it is made: this takes such a Linux"
[ "$(id -u)" = 0 ] || stop "debootstrap takes root: sudo $0 $1"
[ -r "$mbr" ] || stop "$mbr is missing: make boot-deps installs it"

mkdir -p "$(dirname "$1")"
[ -O "$(dirname "$1")" ] || stop "$(dirname "$1") belongs to somebody else, who could exchange the disk"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree

echo "making a Debian disk, $1, from $mirror: some minutes, this once" >&2
bootstrap
configure
shrink_initramfs
make_boot
make_root
assemble
cp --sparse=always "$work/disk" "$1.tmp"
mv "$1.tmp" "$1"
