package clean

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"amiforge/diskimg/ext4"
	"amiforge/internal/auditimage"
	"amiforge/internal/tree"
	"amiforge/internal/volume"
)

// fileSystems makes the file systems anew.
func (c *copier) fileSystems() error {
	for _, v := range c.image.Volumes() {
		if v.Ext == nil {
			continue
		}
		if err := c.rebuild(v); err != nil {
			return fmt.Errorf("%s: %w", v.Name, err)
		}
	}
	slices.SortFunc(c.result.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Rule, b.Rule))
	})
	return nil
}

func (c *copier) rebuild(v auditimage.Volume) error {
	s := newSurvey(c, v)
	if err := s.look(); err != nil {
		return err
	}
	w, err := ext4.Create(io.NewOffsetWriter(c.dst, v.Start), c.createOptions(v.Ext.Info()))
	if err != nil {
		return err
	}
	src := tree.FromFS(c.ctx, v.Ext)
	defer src.Close()
	if err := fill(c.ctx, w, &filter{src, s}); err != nil {
		return err
	}
	_, err = w.Finish()
	return err
}

// createOptions makes the new file system like the old one.
func (c *copier) createOptions(info ext4.Info) *ext4.CreateOptions {
	const block = 4096
	o := &ext4.CreateOptions{
		Size: info.Blocks * info.BlockSize / block * block, Label: info.Label, Time: c.opts.Time, Inodes: info.Inodes,
		Reserved: -1, NoJournal: info.Journal == "", Progress: c.opts.Progress,
	}
	if info.Blocks > 0 && info.ReservedBlocks > 0 {
		o.Reserved = cmp.Or(int(min((info.ReservedBlocks*100+info.Blocks/2)/info.Blocks, 50)), -1)
	}
	if uuid, err := volume.ParseUUID(info.UUID); err == nil {
		o.UUID = uuid
	}
	return o
}

func fill(ctx context.Context, w *ext4.Writer, src tree.Source) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		item, err := src.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case item.HardLink != "":
			err = w.Link(item.Name, item.HardLink)
		default:
			err = w.Add(&item.Entry, item.Content)
		}
		if err != nil {
			return err
		}
	}
}
