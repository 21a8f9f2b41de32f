package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// A writer writes a manifest as ec2-ami-tools does: one line, ASCII, no space between elements, attributes
// in single quotes. That tool signs and verifies the text that its XML library makes of a parsed document,
// and this form is the one that the library leaves alone.
type writer struct {
	bytes.Buffer
	from, to int // the signed range
}

// manifest writes all up to the signature.
func (w *writer) manifest(m *Manifest) {
	w.WriteString("<?xml version='1.0'?><manifest>")
	w.element("version", Version)
	w.bundler(m.Bundler)
	w.from = w.Len()
	w.machine(&m.Machine)
	w.image(&m.Image)
	w.to = w.Len()
}

// signed is the range that the signature covers: the machine configuration and the image.
func (w *writer) signed() []byte { return w.Bytes()[w.from:w.to] }

// close writes the rest and returns the document.
func (w *writer) close(signature []byte) []byte {
	w.element("signature", fmt.Sprintf("%x", signature))
	w.end("manifest")
	return w.Bytes()
}

func (w *writer) bundler(b Bundler) {
	if b == (Bundler{}) {
		return
	}
	w.begin("bundler")
	w.option("name", b.Name)
	w.option("version", b.Version)
	w.option("release", b.Release)
	w.end("bundler")
}

// machine writes block devices before the kernel, and virtual before device, because EC2 wants them so.
func (w *writer) machine(mc *Machine) {
	w.begin("machine_configuration")
	w.element("architecture", mc.Architecture)
	w.blockDevices(mc.BlockDevices)
	w.option("kernel_id", mc.KernelID)
	w.option("ramdisk_id", mc.RamdiskID)
	w.list("product_codes", "product_code", mc.ProductCodes)
	w.end("machine_configuration")
}

func (w *writer) blockDevices(devices []BlockDevice) {
	if len(devices) == 0 {
		return
	}
	byVirtual := func(a, b BlockDevice) int { return cmp.Compare(a.Virtual, b.Virtual) }
	w.begin("block_device_mapping")
	for _, b := range slices.SortedFunc(slices.Values(devices), byVirtual) {
		w.begin("mapping")
		w.element("virtual", b.Virtual)
		w.element("device", b.Device)
		w.end("mapping")
	}
	w.end("block_device_mapping")
}

// image writes the type right after the user because EC2 wants it so.
func (w *writer) image(im *Image) {
	w.begin("image")
	w.element("name", im.Name)
	w.element("user", im.User)
	w.element("type", im.Type)
	w.option("kernel_name", im.KernelName)
	w.list("ancestry", "ancestor_ami_id", im.Ancestry)
	w.marked("digest", "algorithm", "SHA1", im.Digest.String())
	w.element("size", strconv.FormatInt(im.Size, 10))
	w.element("bundled_size", strconv.FormatInt(im.BundledSize, 10))
	w.marked("ec2_encrypted_key", "algorithm", "AES-128-CBC", fmt.Sprintf("%x", im.EC2Key))
	w.marked("user_encrypted_key", "algorithm", "AES-128-CBC", fmt.Sprintf("%x", im.UserKey))
	w.element("ec2_encrypted_iv", fmt.Sprintf("%x", im.EC2IV))
	w.element("user_encrypted_iv", fmt.Sprintf("%x", im.UserIV))
	w.parts(im.Parts)
	w.end("image")
}

func (w *writer) parts(parts []Part) {
	w.WriteString("<parts count='" + strconv.Itoa(len(parts)) + "'>")
	for i, p := range parts {
		w.WriteString("<part index='" + strconv.Itoa(i) + "'>")
		w.element("filename", p.Name)
		w.marked("digest", "algorithm", "SHA1", p.Digest.String())
		w.end("part")
	}
	w.end("parts")
}

func (w *writer) begin(name string) { w.WriteString("<" + name + ">") }
func (w *writer) end(name string)   { w.WriteString("</" + name + ">") }

func (w *writer) element(name, text string) {
	w.begin(name)
	w.text(text)
	w.end(name)
}

// option writes an element unless its text is empty.
func (w *writer) option(name, text string) {
	if text != "" {
		w.element(name, text)
	}
}

// marked writes an element with an attribute, whose value must need no escapes.
func (w *writer) marked(name, attr, value, text string) {
	w.WriteString("<" + name + " " + attr + "='" + value + "'>")
	w.text(text)
	w.end(name)
}

// list writes an element that holds one called name for each of texts, unless there are none.
func (w *writer) list(list, name string, texts []string) {
	if len(texts) == 0 {
		return
	}
	w.begin(list)
	for _, text := range texts {
		w.element(name, text)
	}
	w.end(list)
}

// text writes s with no escapes but those that ec2-ami-tools leaves as they are.
func (w *writer) text(s string) {
	for i, r := range s {
		switch {
		case r == '&':
			w.WriteString("&amp;")
		case r == '<':
			w.WriteString("&lt;")
		case r == '>':
			w.WriteString("&gt;")
		case r < utf8.RuneSelf:
			w.WriteByte(byte(r))
		case r == utf8.RuneError && s[i] != "\uFFFD"[0]:
			w.WriteByte(s[i]) // not UTF-8: Sign's own Parse refuses it, and names the element
		default:
			w.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		}
	}
}
