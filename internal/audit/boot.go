package audit

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"amiforge/diskimg/inspect"
)

func bootRules() []Rule {
	return []Rule{
		{
			ID: "BOOT", Title: "the image boots as what it is registered as", Severity: Error, Sources: []string{"BOOT"},
			Advice: "Install a kernel and a boot loader for the virtualization type: /boot/grub/menu.lst for paravirtual, else one in the first " +
				"sector or in the EFI system partition; name file systems by the UUID that `blkid` shows.",
			check: checkBoot,
		},
		{
			ID: "FSTAB", Title: "/etc/fstab names only what each instance has", Severity: Warning, Sources: []string{"BV"},
			Advice: "Take lines of other file systems out of /etc/fstab, and give those of ephemeral devices the option nofail.",
			check:  checkFstab,
		},
	}
}

func checkBoot(p *probe) {
	if p.image.Virtualization == "paravirtual" {
		checkMenu(p)
	} else if p.image.Disk != nil {
		checkLoader(p)
	}
	for _, name := range []string{"boot/grub/menu.lst", "boot/grub/grub.cfg", "boot/grub2/grub.cfg", "boot/extlinux/extlinux.conf"} {
		p.checkRootOf(name)
	}
	for _, m := range p.fstab() {
		if m.dir == "/" && !p.resolves(m.device) {
			p.find(Error, "etc/fstab", m.line, "no file system of the image is %s, which is to be the root", m.device)
		}
	}
}

// checkMenu looks at what PV-GRUB boots: the default of menu.lst, or the first.
func checkMenu(p *probe) {
	const name = "boot/grub/menu.lst"
	b, ok := p.read(name)
	if !ok {
		p.find(Error, name, 0, "a paravirtual image boots by this file, which is not there")
		return
	}
	entry, chosen := -1, 0
	var kernels []kernelLine
	for n, line := range settings(b) {
		words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == '=' && strings.HasPrefix(line, "default") })
		switch {
		case words[0] == "title":
			entry++
		case words[0] == "default" && len(words) > 1:
			chosen, _ = strconv.Atoi(words[1]) // saved is the first
		case words[0] == "kernel" && len(words) > 1:
			kernels = append(kernels, kernelLine{entry, n, words[1]})
		}
	}
	i := slices.IndexFunc(kernels, func(k kernelLine) bool { return k.entry == chosen })
	switch {
	case len(kernels) == 0:
		p.find(Error, name, 0, "it names no kernel")
	case i < 0:
		p.find(Error, name, 0, "its default is entry %d, which names no kernel", chosen)
	case !p.hasKernel(kernels[i].path):
		p.find(Error, name, kernels[i].line, "the kernel %s is not there", kernels[i].path)
	}
}

type kernelLine struct {
	entry, line int
	path        string
}

// hasKernel tells whether the path of a boot loader, (hd0)/boot/vmlinuz, leads to a file. It may begin in a file system
// that is mounted on /boot.
func (r *run) hasKernel(file string) bool {
	if _, rest, ok := strings.Cut(file, ")"); ok {
		file = rest
	}
	name := strings.TrimPrefix(path.Clean("/"+file), "/")
	return r.sizeOf(name) > 0 || r.sizeOf(path.Join("boot", name)) > 0
}

// checkLoader looks at how the firmware finds what it boots.
func checkLoader(p *probe) {
	disk, severity := p.image.Disk, Error
	if p.image.Virtualization == "" {
		if severity = Warning; disk.Table == nil {
			return // it may be paravirtual
		}
	}
	switch mode := disk.Boot.Mode; {
	case mode == inspect.BootNone:
		p.find(severity, "", 0, "no firmware can boot the image: %s", disk.Boot.Reason)
	case mode == inspect.BootBIOS && p.image.Architecture == "arm64":
		p.find(severity, "", 0, "the image boots by BIOS only, which arm64 does not have")
	case mode == inspect.BootUEFI && !p.hasEFILoader():
		p.find(severity, "boot/efi", 0, "there is no EFI/BOOT/BOOT*.EFI, by which an instance boots for the first time")
	}
}

// hasEFILoader tells whether the EFI system partition, if it is mounted, has the loader that firmware takes when it knows
// of no other.
func (r *run) hasEFILoader() bool {
	mounted := false
	for _, esp := range []string{"boot/efi", "efi", "boot"} {
		for _, e := range r.list(esp) {
			if !strings.EqualFold(e.Name(), "EFI") {
				continue
			}
			mounted = true
			for _, name := range r.glob(path.Join(esp, e.Name(), "[Bb][Oo][Oo][Tt]", "*")) {
				if base := strings.ToUpper(path.Base(name)); strings.HasPrefix(base, "BOOT") && strings.HasSuffix(base, ".EFI") {
					return true
				}
			}
		}
	}
	return !mounted
}

// checkRootOf looks at root= in the configuration of a boot loader.
func (p *probe) checkRootOf(name string) {
	b, _ := p.read(name)
	re := regexp.MustCompile(`\sroot=((?:UUID|LABEL|PARTUUID|PARTLABEL)=[^\s"']+)`)
	for n, line := range settings(b) {
		m := re.FindStringSubmatch(line)
		if m != nil && !p.resolves(m[1]) {
			p.find(Error, name, n, "no file system of the image is %s, which is to be the root", m[1])
			return
		}
	}
}
