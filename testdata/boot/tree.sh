#!/usr/bin/env bash
# Makes a small Debian as an archive: a system that boots up to a login prompt on its first serial port, with what is
# lost easily on the way: owners, capabilities, an ACL, hard links, holes. It takes a minute and 1 GB in TMPDIR.
#
# usage: tree.sh ARCHIVE.tar
#
# Needs root, for debootstrap, and the programs that make boot-deps installs. MIRROR is the Debian mirror to use.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

name=amiforge-boot                           # the host's, in the login prompt
mirror=${MIRROR:-http://deb.debian.org/debian}
root_id=b0075e57-0000-4000-8000-000000000001 # of the file system that the tree is for

stop() { echo "${0##*/}: $*" >&2 && exit 1; }

# quietly runs a command, and shows what it printed only if it fails.
quietly() { "$@" >"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2 && stop "${1##*/} failed"; }; }

# bootstrap fills the tree with what a login prompt takes, and a server that the audit looks at. What debootstrap mounts
# there goes away with it.
bootstrap() {
	quietly unshare --mount debootstrap --variant=minbase \
		--include=linux-image-cloud-amd64,initramfs-tools,zstd,systemd-sysv,udev,openssh-server,iputils-ping,libcap2-bin \
		bookworm "$tree" "$mirror"
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

# clean leaves nothing that the audit has to find. Without host keys sshd does not start, which the prompt does not mind.
clean() {
	rm -f "$tree"/etc/ssh/ssh_host_* "$tree/var/lib/dbus/machine-id" "$tree"/var/lib/systemd/random-seed
	quietly chroot "$tree" passwd --lock root
	echo "PasswordAuthentication no" >"$tree/etc/ssh/sshd_config.d/10-keys.conf"
}

# shrink_initramfs leaves in it what finds the root: an emulated processor takes its time to unpack the rest.
shrink_initramfs() {
	printf '%s\n' MODULES=list COMPRESS=zstd FSTYPE=ext4 >"$tree/etc/initramfs-tools/conf.d/boot"
	printf '%s\n' virtio_pci virtio_blk ext4 >>"$tree/etc/initramfs-tools/modules"
	quietly chroot "$tree" update-initramfs -u -k all
}

# add_rarities adds what Debian has little of.
add_rarities() {
	mkdir "$tree/srv/rare"
	truncate -s 3G "$tree/srv/rare/sparse"
	printf data | dd of="$tree/srv/rare/sparse" bs=1 seek=2147483648 conv=notrunc status=none
	ln "$tree/etc/hostname" "$tree/srv/rare/hardlink"
	ln -s "$(printf 'a%.0s' {1..100})" "$tree/srv/rare/long"
	mknod "$tree/srv/rare/disk" b 259 4097
	mkfifo "$tree/srv/rare/fifo"
	: >"$tree/srv/rare/owned"
	chown 65537:4000000000 "$tree/srv/rare/owned"
	chmod 6750 "$tree/srv/rare/owned"
	setfacl -m u:1000:rw,g:65537:r "$tree/srv/rare/owned"
	setfattr -n user.note -v "as it was" "$tree/srv/rare/owned"
	setcap cap_net_raw+ep "$tree/bin/ping"
}

[ $# = 1 ] || stop "usage: ${0##*/} ARCHIVE.tar"
[ "$(uname -sm)" = "Linux x86_64" ] || stop "the tree is for x86_64, and its programs run while it is made: this takes such a Linux"
[ "$(id -u)" = 0 ] || stop "debootstrap takes root: sudo $0 $1"

mkdir -p "$(dirname "$1")"
[ -O "$(dirname "$1")" ] || stop "$(dirname "$1") belongs to somebody else, who could exchange the archive"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree

echo "making a Debian tree, $1, from $mirror: some minutes, this once" >&2
bootstrap
configure
clean
shrink_initramfs
add_rarities
tar --numeric-owner --sparse --xattrs --xattrs-include='*' --acls --format=posix -cf "$1.tmp" -C "$tree" .
mv "$1.tmp" "$1"
