# make demo and make test do everything on a machine that has Go, git and make. make help lists the rest.

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

GO ?= go
FUZZTIME ?= 30s
BOOT_DIR ?= $(or $(TMPDIR),/tmp)/amiforge-boot

gofumpt     := mvdan.cc/gofumpt@v0.12.0
staticcheck := honnef.co/go/tools/cmd/staticcheck@v0.8.2
platforms   := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64
scripts     := $(wildcard .ci/run examples/*.sh testdata/*/*.sh)

# The race detector needs cgo and a C compiler; nothing else here does.
RACE ?=
ifneq ($(RACE),)
test: export CGO_ENABLED = 1
test: race := -race
else
test: export CGO_ENABLED = 0
endif

.PHONY: build demo test boot-test bench lint fuzz deps boot-deps clean help

## build: the programs, static, into bin/ (what make alone does)
build:
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/ ./cmd/...

## demo: bundle a disk, upload, register, restore and compare it; no server needed
demo: build
	@PATH="$(CURDIR)/bin:$$PATH" sh examples/bundle-upload-register.sh

## test: all tests; RACE=1 for the race detector
# First the MinIO server, alone: on a new machine it is built for some minutes, and -v says so meanwhile.
test:
	$(GO) test $(race) -count=1 -v -run '^TestStart$$' ./internal/miniotest
	$(GO) test $(race) -timeout 25m ./...

## boot-test: boot volumes, and a disk from every format of ami-export; the Debian is made as root, once, and stays in BOOT_DIR
boot-test: build $(BOOT_DIR)/disk.raw
	PATH="$(CURDIR)/bin:$$PATH" BOOT_TREE="$(abspath $(BOOT_DIR)/tree.tar)" BOOT_DISK="$(abspath $(BOOT_DIR)/disk.raw)" \
		AMIFORGE_TEST_NO_SKIP=1 $(GO) test -tags boot -count=1 -timeout 60m -v -run '^Test.*Boots?$$' ./internal/boottest

$(BOOT_DIR)/tree.tar: testdata/boot/tree.sh | boot-deps
	@testdata/boot/tree.sh $@

$(BOOT_DIR)/disk.raw: testdata/boot/make.sh $(BOOT_DIR)/tree.tar
	@testdata/boot/make.sh $(BOOT_DIR)/tree.tar $@

## bench: tables of our programs against pipelines of foreign tools, and of registries of 50,000 images
bench: build
	$(GO) run ./internal/bench -bin bin
	$(GO) test -run '^$$' -bench . -skip '^BenchmarkRegistry$$' -benchtime 200ms ./...

## lint: gofumpt, go vet, staticcheck and shellcheck, and a build for each platform
lint:
	@files=$$($(GO) run $(gofumpt) -l .) && { test -z "$$files" || { echo "not formatted:" $$files >&2; exit 1; }; }
	$(GO) vet -tags boot ./...
	$(GO) run $(staticcheck) -tags boot ./...
	@set -e; for platform in $(platforms); do \
		echo "build and vet for $$platform"; \
		export CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/}; \
		$(GO) build ./...; $(GO) vet ./...; \
	done
	@if command -v shellcheck >/dev/null; then shellcheck $(scripts); \
	else echo "shellcheck is missing (make deps): the shell scripts are not checked"; fi

## fuzz: every fuzz target for FUZZTIME (30s)
fuzz:
	@set -e; grep -rE --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]+' . | \
	while IFS=: read -r file target; do \
		echo "$${file%/*} $${target#func }"; \
		$(GO) test -run '^$$' -fuzz "^$${target#func }\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x "$${file%/*}" </dev/null; \
	done

# The foreign programs that tests and make bench compare with: command or file, then Debian package.
tools := ruby:ruby python3:python3 openssl:openssl gpg:gnupg ssh-keygen:openssh-client puttygen:putty-tools dropbearkey:dropbear-bin \
	tar:tar cpio:cpio gzip:gzip bzip2:bzip2 pigz:pigz qemu-img:qemu-utils \
	vhdiinfo:libvhdi-utils vmdkinfo:libvmdk-utils /usr/share/doc/python3-libvhdi/copyright:python3-libvhdi \
	/usr/share/doc/python3-libvmdk/copyright:python3-libvmdk sfdisk:fdisk sgdisk:gdisk \
	mkfs.xfs:xfsprogs mkfs.btrfs:btrfs-progs mkfs.vfat:dosfstools mkfs.f2fs:f2fs-tools mkfs.exfat:exfatprogs \
	mkntfs:ntfs-3g mksquashfs:squashfs-tools mkfs.erofs:erofs-utils genisoimage:genisoimage \
	blkid:util-linux mkswap:util-linux \
	mcopy:mtools mke2fs:e2fsprogs debugfs:e2fsprogs shellcheck:shellcheck bash:bash cmp:diffutils losetup:mount bsdtar:libarchive-tools setfacl:acl xz:xz-utils zstd:zstd cc:gcc cc:libc6-dev \
	$(or $(lastword $(wildcard /usr/lib/postgresql/*/bin/initdb)),initdb):postgresql

# What make boot-test needs beyond that: it emulates a machine, and makes the disk for it.
boot_tools := qemu-system-x86_64:qemu-system-x86 debootstrap:debootstrap unshare:util-linux cmp:diffutils sfdisk:fdisk \
	tar:tar setfacl:acl setfattr:attr setcap:libcap2-bin \
	mke2fs:e2fsprogs mkfs.vfat:dosfstools mcopy:mtools syslinux:syslinux /usr/lib/syslinux/mbr/mbr.bin:syslinux-common \
	/usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring \
	grub-mkimage:grub-common /usr/lib/grub/i386-pc/boot.img:grub-pc-bin

## deps: install, with apt, the foreign programs that tests and make bench compare with
## boot-deps: install, with apt, what make boot-test needs
deps: wanted = $(tools)
boot-deps: wanted = $(boot_tools)
deps boot-deps:
	@PATH="$$PATH:/usr/sbin:/sbin"; missing=; \
	for tool in $(wanted); do \
		command -v "$${tool%:*}" >/dev/null || test -e "$${tool%:*}" || missing="$$missing $${tool#*:}"; \
	done; \
	if [ -z "$$missing" ]; then echo "nothing is missing"; exit; fi; \
	if ! command -v apt-get >/dev/null; then \
		echo "make $@: there is no apt-get here; install by hand:$$missing" >&2; exit 1; \
	fi; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	set -x; \
	$$sudo apt-get update -q && \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$missing

## clean: remove what make build left here (out/demo stays: it holds the keys of demo bundles)
clean:
	rm -rf bin

## help: this list
help:
	@sed -n 's/^## /make /p' Makefile
