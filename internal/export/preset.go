package export

import (
	"fmt"
	"strings"

	"amiforge/diskimg"
)

// A Preset is what one importer wants of a disk image.
type Preset struct {
	Name      string
	Format    diskimg.Format
	Subformat diskimg.Subformat
	Align     int64  // of the virtual size, in bytes; 0 for none
	Least     int64  // the smallest disk, in bytes
	Most      int64  // the largest disk, in bytes; 0 where the format is the limit
	Why       string // this one
	Beyond    string // what helps where the disk is larger than Most
}

const (
	mib = 1 << 20
	gib = 1 << 30
	tib = 1 << 40
)

// Presets returns all presets, by name.
func Presets() []Preset {
	return []Preset{
		{
			// https://learn.microsoft.com/azure/virtual-machines/linux/create-upload-generic
			Name: "azure", Format: diskimg.VHD, Subformat: diskimg.Fixed, Align: mib, Least: 20 * mib, Most: 32 * tib,
			Why: "Azure takes fixed VHD of whole MiB only",
		},
		{
			// https://docs.aws.amazon.com/vm-import/latest/userguide/prerequisites.html
			Name: "aws", Format: diskimg.VMDK, Subformat: diskimg.StreamOptimized,
			Why: "VM Import takes it, and of all that it takes it is the smallest to upload",
		},
		{
			Name: "esx", Format: diskimg.VMDK, Subformat: diskimg.StreamOptimized,
			Why: "ESXi and vCenter import it (OVF, govc import.vmdk, vmkfstools -i)",
		},
		{
			Name: "hyperv", Format: diskimg.VHD, Subformat: diskimg.Dynamic, Most: 2040 * gib,
			Why:    "Hyper-V runs from it",
			Beyond: "for Hyper-V it must become a VHDX: export it as raw and convert that",
		},
		{
			Name: "xen", Format: diskimg.VHD, Subformat: diskimg.Dynamic, Most: 2040 * gib,
			Why:    "XenServer and XCP-ng take dynamic VHD only",
			Beyond: "XenServer and XCP-ng import larger disks as raw: -f raw",
		},
		{
			Name: "virtualbox", Format: diskimg.VMDK, Subformat: diskimg.MonolithicSparse,
			Why: "VirtualBox runs from it, and writes to it",
		},
	}
}

// FindPreset returns the preset of that name, in whatever case.
func FindPreset(name string) (Preset, error) {
	var names []string
	for _, p := range Presets() {
		if strings.EqualFold(name, p.Name) {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Preset{}, fmt.Errorf("%q is not known: want %s", name, strings.Join(names, ", "))
}

// Check refuses a disk of size bytes that the importer would not take.
func (p *Preset) Check(size int64) error {
	switch {
	case size < p.Least:
		return fmt.Errorf("%s wants a disk of at least %s, this one has %s: --resize %dM", p.Name, inBytes(p.Least), inBytes(size), p.Least/mib)
	case p.Most > 0 && size > p.Most:
		return fmt.Errorf("%s takes a disk of at most %s, this one has %s%s", p.Name, inBytes(p.Most), inBytes(size), advice(p.Beyond))
	}
	return nil
}

func advice(text string) string {
	if text == "" {
		return ""
	}
	return "; " + text
}
