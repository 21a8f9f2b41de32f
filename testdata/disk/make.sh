#!/bin/sh
# Makes ext4.raw, byte for byte the same every time. Needs e2fsprogs and openssl.
set -eu
cd "$(dirname "$0")"
PATH=$PATH:/usr/sbin:/sbin

uuid=5ca1ab1e-0000-4000-8000-000000000001
E2FSPROGS_FAKE_TIME=1136214245 # 2006-01-02 15:04:05 UTC
export E2FSPROGS_FAKE_TIME

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# noise prints $1 bytes that do not compress, the same ones every time.
noise() {
	head -c "$1" /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 2>/dev/null
}

cat >"$tree/os-release" <<'END'
NAME="Amiforge Test Linux"
ID=amiforge
VERSION_ID=1
PRETTY_NAME="Amiforge Test Linux 1 (not bootable)"
END
cat >"$tree/passwd" <<'END'
root:x:0:0:root:/root:/bin/sh
ec2-user:x:1000:1000::/home/ec2-user:/bin/sh
END
cat >"$tree/shadow" <<'END'
root:!:13150:0:99999:7:::
ec2-user:!:13150:0:99999:7:::
END
echo web-1 >"$tree/hostname"
echo 'LABEL=root / ext4 defaults 0 1' >"$tree/fstab"
echo 'Welcome. This disk was made to be bundled.' >"$tree/motd"
seq 1 20000 | sed 's/^/Jan  2 15:04:05 web-1 app: line /' >"$tree/app.log"
noise 393216 >"$tree/app"
# Two lines of text with 2.7 MiB of hole between them, and a hole at the end.
echo 'first block' >"$tree/holes"
echo 'last block' | dd of="$tree/holes" bs=4096 seek=700 conv=notrunc 2>/dev/null
truncate -s 3M "$tree/holes"
chmod 0644 "$tree"/*
chmod 0755 "$tree/app"
chmod 0600 "$tree/shadow"

rm -f ext4.raw
truncate -s 8M ext4.raw
mke2fs -q -F -t ext4 -b 1024 -I 256 -N 256 -m 0 -J size=1 -L root -U "$uuid" \
	-E "hash_seed=$uuid,root_owner=0:0,lazy_itable_init=0" ext4.raw

# Not mke2fs -d: that takes change times and the order of names from the machine that it runs on.
debugfs -w -f - ext4.raw >"$tree/out" 2>&1 <<END
mkdir dev
mkdir etc
mkdir home
mkdir home/ec2-user
mkdir proc
mkdir root
mkdir sys
mkdir tmp
mkdir usr
mkdir usr/bin
mkdir usr/lib
mkdir var
mkdir var/lib
mkdir var/log
symlink bin usr/bin
symlink lib usr/lib
write $tree/os-release usr/lib/os-release
symlink etc/os-release ../usr/lib/os-release
write $tree/hostname etc/hostname
write $tree/fstab etc/fstab
write $tree/motd etc/motd
write $tree/passwd etc/passwd
write $tree/shadow etc/shadow
write $tree/app usr/bin/app
ln usr/bin/app usr/bin/app-1.0
set_inode_field usr/bin/app links_count 2
write $tree/app.log var/log/app.log
write $tree/holes var/lib/holes
write $tree/motd "home/ec2-user/grüße 世界.txt"
symlink home/ec2-user/nowhere /does/not/exist
set_inode_field root mode 040700
set_inode_field tmp mode 041777
set_inode_field home/ec2-user uid 1000
set_inode_field home/ec2-user gid 1000
END
# debugfs exits with 0 whatever happens; all that it should say is the commands themselves.
if grep -Ev '^debugfs(: | 1)|^Allocated inode: [0-9]+$' "$tree/out"; then
	echo "make.sh: debugfs complains" >&2
	exit 1
fi
e2fsck -fn ext4.raw
