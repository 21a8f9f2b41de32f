#!/bin/sh
# Bundles a disk image, stores the bundle, registers it as an AMI, and shows that it comes back bit for bit.
#
# usage: bundle-upload-register.sh [IMAGE [STORE]]
#
#   IMAGE   a raw disk image                      (default: the small ext4 disk in testdata)
#   STORE   a directory, or s3://BUCKET[/PREFIX]  (default: a new directory)
#
# From the environment: ACCOUNT (123456789012) and ARCH (x86_64) of the image, AMI_REGISTRY (the store) to
# register it in, and for S3 the usual AWS variables. Works in a new folder under out/demo, and leaves the
# keys there.

set -eu
case ${1-} in -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" && exit ;; esac

project=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:$project/bin

stop() { echo "${0##*/}: $*" >&2 && exit 1; }

# say prints a heading.
say() { printf '\n%s\n' "# $*"; }

# quote prints a word as one would type it.
quote() {
	case $1 in
	'' | *[!A-Za-z0-9_./:=@%+,-]*) printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")" ;;
	*) printf %s "$1" ;;
	esac
}

# show prints a command as one would type it.
show() { printf '$' && for word; do printf ' %s' "$(quote "$word")"; done && echo; }

# run shows a command and runs it; what that prints is left in $out, too.
run() {
	show "$@"
	out=$("$@") || stop "$1 ended with status $?; what is done by then is in $work"
	[ -z "$out" ] || printf '%s\n' "$out"
}

# absolute prints a location that stays the same after cd.
absolute() { case $1 in /* | s3://*) printf %s "$1" ;; *) printf %s "$PWD/$1" ;; esac; }

command -v ami-bundle >/dev/null || stop "ami-bundle is not on the PATH: run make build first"
image=$(absolute "${1:-$project/testdata/disk/ext4.raw}")
[ -r "$image" ] || stop "$image is missing or not readable"
store=./store
[ -z "${2-}" ] || store=$(absolute "$2")
case $store in
s3://*) bucket=${store#s3://} registry=s3://${bucket%%/*} ;;
*) registry=$store ;;
esac
[ -z "${AMI_REGISTRY-}" ] || registry=$(absolute "$AMI_REGISTRY")
export AMI_REGISTRY="$registry"

name=$(basename "$image" | sed 's/\.[^.]*$//' | tr -c 'A-Za-z0-9\n' -)-$(date +%Y%m%d-%H%M%S)
mkdir -p out/demo
work=$(mktemp -d "$PWD/out/demo/XXXXXX")

say "A folder to work in, and a registry for the image"
show cd "$work"
cd "$work"
show export AMI_REGISTRY="$registry"

say "A key and a certificate to bundle with"
run ami-keygen -o keys

say "The disk becomes encrypted parts and a signed manifest"
run ami-bundle "$image" -c keys/cert.pem -k keys/pk.pem \
	-u "${ACCOUNT:-123456789012}" -r "${ARCH:-x86_64}" -d bundle

say "They go to the store"
run ami-upload -b "$store/$name" -m bundle/image.manifest.xml
manifest=$out

say "The bundle is registered, and has an ID from now on"
run ami-register "$manifest" -n "$name" --description "${image##*/}"
ami=$out
run ami-describe "$ami"

say "The way back: the parts are fetched, checked, and decrypted to a disk"
run ami-download "$manifest" -d back
run ami-unbundle -m back/image.manifest.xml -k keys/pk.pem -o restored.raw
run cmp "$image" restored.raw
echo 'restored.raw is the same as the image, bit for bit.'

say "The copies are not needed any more"
run rm -r bundle back restored.raw

cat <<END

$ami is registered in $registry, its bundle is $manifest.
The keys are in $work/keys: nothing else opens the bundle.
To take the image and its bundle away again:

  cd $(quote "$work")
  AMI_REGISTRY=$(quote "$registry") $(quote "$(command -v ami-deregister)") $ami --delete-bundle
END
