package registry

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"amiforge/internal/ec2query"
)

// A RemoteCopier is an engine behind which images are copied, with all that belongs to them. Its BeginCopy,
// FinishCopy and AbortCopy are refused.
type RemoteCopier interface {
	// CopyImage copies an image into the engine's region and waits for the copy to be available. Where that is not
	// what it becomes, or the wait is interrupted, the copy is returned with the error: it has an ID, and stays.
	CopyImage(ctx context.Context, c RemoteCopy) (Image, error)
}

// A RemoteCopy says what copy is wanted.
type RemoteCopy struct {
	SourceImageID string
	SourceRegion  string // empty: the engine's
	Name          string
	Description   string
	CopyTags      bool
	Encrypted     *bool // the copy's volumes; nil: as those of the source
}

// How long EC2 is left alone while it copies: a copy takes minutes.
const (
	firstCopyPause = 2 * time.Second
	maxCopyPause   = 30 * time.Second
)

// CopyImage has EC2 copy an image, once, whatever answers get lost.
func (e *ec2) CopyImage(ctx context.Context, c RemoteCopy) (Image, error) {
	out, err := e.client.CopyImage(ctx, &ec2query.CopyImageInput{
		Name: c.Name, Description: c.Description, CopyImageTags: c.CopyTags, Encrypted: c.Encrypted,
		SourceImageID: c.SourceImageID, SourceRegion: orElse(c.SourceRegion, e.region), DryRun: e.dryRun,
	})
	if err != nil {
		return Image{}, refused(err, c.SourceImageID)
	}
	m := Image{
		ID: out.ImageID, Name: c.Name, Description: c.Description, Region: e.region, State: Pending,
		SourceImageID: c.SourceImageID, SourceImageRegion: orElse(c.SourceRegion, e.region),
	}
	return e.awaitCopy(ctx, m)
}

// awaitCopy waits until the copy m is no longer pending.
func (e *ec2) awaitCopy(ctx context.Context, m Image) (Image, error) {
	source := m.SourceImageID
	for attempt := 0; ; attempt++ {
		latest, err := e.describeOne(ctx, m.ID)
		unseen := HasCode(err, IDNotFound) && attempt < ec2Looks
		switch {
		case err != nil && !unseen:
			return m, fmt.Errorf("copy %s of %s, which goes on: %w", m.ID, source, err)
		case err == nil && latest.State == Available:
			return latest, nil
		case err == nil && latest.State != Pending:
			return latest, fmt.Errorf("copy %s of %s is %s%s", m.ID, source, latest.State, latest.because())
		case err == nil:
			m = latest
		}
		if err := e.wait(ctx, copyPause(attempt)); err != nil {
			return m, fmt.Errorf("copy %s of %s goes on: %w", m.ID, source, err)
		}
	}
}

// because returns the reason for the image's state, after a colon, if there is one.
func (m Image) because() string {
	if m.StateReason == nil || m.StateReason.Message == "" {
		return ""
	}
	return ": " + m.StateReason.Message
}

// copyPause is pause for what takes minutes.
func copyPause(attempt int) time.Duration {
	d := maxCopyPause
	if attempt < 4 {
		d = firstCopyPause << attempt
	}
	return d + rand.N(d/2)
}
