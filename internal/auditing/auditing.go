// Package auditing is what the commands share that audit an image: how one is opened, whether it is a disk file, a bundle
// or a directory, how the audit is run with its progress shown, and the gate that an image has to pass on its way to the
// public.
package auditing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"amiforge/bundle"
	"amiforge/diskimg"
	"amiforge/internal/audit"
	"amiforge/internal/auditimage"
	"amiforge/internal/auditreport"
	"amiforge/internal/cli"
	"amiforge/internal/registry"
	"amiforge/manifest"
)

// A Source is an image that is open to be audited.
type Source struct {
	image   *auditimage.Image
	subject auditreport.Image
	facts   auditimage.Facts
	disk    auditimage.Disk // nil if it is a directory
	files   []string        // that a disk file has beside itself
	parts   []manifest.Part // of a bundle
	closers []io.Closer     // the last one first
}

// Close releases the source.
func (s *Source) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i].Close())
	}
	return errors.Join(errs...)
}

// OpenDirectory opens a tree of files on this machine.
func OpenDirectory(path string) (*Source, error) {
	image, err := auditimage.OpenDirectory(path)
	if err != nil {
		return nil, err
	}
	return &Source{image: image, subject: auditreport.Image{Source: path}, closers: []io.Closer{image}}, nil
}

// OpenDisk opens the disk of a file or a block device, whose location messages name. It closes the disk when it is
// closed, and where it fails.
func OpenDisk(location string, disk *diskimg.Disk) (*Source, error) {
	info := disk.Info()
	subject := auditreport.Image{Source: location, Format: string(info.Format), Size: disk.Size()}
	s, err := open(subject, disk)
	if err != nil {
		return nil, err
	}
	s.files = info.Files
	return s, nil
}

// OpenBundle opens the disk in a bundle whose manifest object is: it verifies all of it and restores it to a temporary
// file. image is the one that the bundle is registered as, if it is.
func OpenBundle(ctx context.Context, e *cli.Env, object cli.Object, b *bundle.Bundle, image *registry.Image) (*Source, error) {
	disk, err := unpack(ctx, e, object, b)
	if err != nil {
		return nil, err
	}
	subject := auditreport.Image{
		Source: object.String(), ManifestDigest: registry.DigestManifest(b.Document),
		Format: string(diskimg.RAW), Size: disk.Size(),
	}
	facts := factsOfBundle(b.Manifest)
	if image != nil {
		subject.ID, facts = image.ID, factsOfImage(*image)
	}
	s, err := open(subject, disk)
	if err != nil {
		return nil, err
	}
	s.facts, s.subject.Virtualization = facts, facts.Virtualization
	s.parts = b.Manifest.Image.Parts
	return s, nil
}

// Files returns the files that a disk file has beside itself, such as a VMDK's, by their names from its directory.
func (s *Source) Files() []string { return s.files }

// Parts returns the parts of a bundle.
func (s *Source) Parts() []manifest.Part { return s.parts }

// SetVirtualization says how an image is to boot, if its registry does not.
func (s *Source) SetVirtualization(kind string) {
	s.facts.Virtualization, s.subject.Virtualization = kind, kind
}

// SetArchitecture says what an image is made for, if no registry does.
func (s *Source) SetArchitecture(arch string) { s.facts.Architecture = arch }

// disk is one that is closed after use.
type closingDisk interface {
	auditimage.Disk
	io.Closer
}

func open(subject auditreport.Image, disk closingDisk) (*Source, error) {
	image, err := auditimage.Open(disk)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", subject.Source, err), disk.Close())
	}
	return &Source{image: image, subject: subject, disk: disk, closers: []io.Closer{disk, image}}, nil
}

func factsOfBundle(m *manifest.Manifest) auditimage.Facts {
	facts := factsOfImage(registry.FromManifest(m))
	facts.Virtualization, facts.Meta = "", nil // a manifest says neither: who registers it does
	return facts
}

func factsOfImage(m registry.Image) auditimage.Facts {
	meta := &audit.Metadata{Name: m.Name, Description: m.Description, Tags: map[string]string{}}
	for _, tag := range m.Tags {
		meta.Tags[tag.Key] = tag.Value
	}
	for _, device := range m.BlockDevices {
		if device.EBS != nil && device.EBS.Encrypted {
			meta.EncryptedVolumes = append(meta.EncryptedVolumes, device.DeviceName)
		}
	}
	for _, code := range m.ProductCodes {
		meta.ProductCodes = append(meta.ProductCodes, code.ID)
	}
	return auditimage.Facts{Virtualization: m.VirtualizationType, Architecture: m.Architecture, Meta: meta}
}

// Options of Run.
type Options struct {
	Skip   []string
	Allow  []string // ID or ID:PATH
	FailOn audit.Severity
}

// Run audits the source. With an error that is audit.ErrUnread there is a report too, of what could be read.
func Run(ctx context.Context, e *cli.Env, s *Source, opts Options) (*auditreport.Report, error) {
	report := &auditreport.Report{
		Tool: auditreport.Tool{Name: "ami-audit", Version: cli.Version()}, Date: time.Now().UTC().Truncate(time.Second),
		Image: s.subject, Options: auditreport.Options{FailOn: opts.FailOn, Skip: opts.Skip, Allow: opts.Allow},
		Notes: s.image.Notes,
	}
	run := audit.Options{Skip: opts.Skip, Now: report.Date}
	for _, text := range opts.Allow {
		allow, err := audit.ParseAllow(text)
		if err != nil {
			return nil, err
		}
		run.Allow = append(run.Allow, allow)
	}
	if !s.image.HasSystem() {
		e.Warnf("%s: there is neither /etc nor /usr nor /bin: is this the root of a system?", s.subject.Source)
	}
	found, err := s.audit(ctx, e, run)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if found == nil {
		return nil, err
	}
	if found.PackagesUnknown {
		e.Notef("no package manager in it says what packages brought: all in /usr, /bin, /sbin and /lib is taken for that, and not searched")
	}
	report.Report = *found
	report.Finish()
	if err != nil {
		err = fmt.Errorf("%s: %w", s.subject.Source, err)
	}
	return report, err
}

// audit shows how many bytes are done: how many there are nobody knows.
func (s *Source) audit(ctx context.Context, e *cli.Env, opts audit.Options) (*audit.Report, error) {
	progress := e.Progress("audit", -1)
	defer progress.Done()
	var done int64
	opts.Progress = func(p audit.Progress) {
		progress.Add(p.Bytes - done)
		done = p.Bytes
	}
	return s.image.Audit(ctx, s.facts, opts)
}
