package registry

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"time"

	"amiforge/internal/ec2query"
)

// A RemoteCopier is an engine behind which images are copied, with all that belongs to them. Its BeginCopy,
// FinishCopy and AbortCopy are refused.
type RemoteCopier interface {
	// CopyImage copies an image into the engine's region and waits for the copy to be available. Where that is not
	// what it becomes, or the wait is interrupted, the copy is returned with the error: it has an ID, and stays. Called
	// with the same again, it returns the same copy, as long as EC2 remembers it.
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

const (
	copyLooks  = 4  // how often EC2 is asked for a copy before it is taken for one that is gone: half a minute
	goneCopies = 16 // how many of them are passed over
)

// CopyImage has EC2 copy an image, once, whatever answers get lost and however often the same copy is asked for: by its
// token EC2 finds the one that it has begun, which is awaited. EC2 keeps tokens for a limited time, a day or so. A copy
// that was deregistered within that time has a token still, and then another one is begun with the next.
func (e *ec2) CopyImage(ctx context.Context, c RemoteCopy) (Image, error) {
	in := &ec2query.CopyImageInput{
		Name: c.Name, Description: c.Description, CopyImageTags: c.CopyTags, Encrypted: c.Encrypted,
		SourceImageID: c.SourceImageID, SourceRegion: orElse(c.SourceRegion, e.region), DryRun: e.dryRun,
	}
	gone := ""
	for range goneCopies {
		next := *in
		next.ClientToken = e.copyToken(in, gone)
		out, err := e.client.CopyImage(ctx, &next)
		if err != nil {
			return Image{}, refused(err, c.SourceImageID)
		}
		if gone = out.ImageID; !e.copyGone(ctx, gone) {
			return e.awaitCopy(ctx, Image{
				ID: out.ImageID, Name: c.Name, Description: c.Description, Region: e.region, State: Pending,
				SourceImageID: c.SourceImageID, SourceImageRegion: in.SourceRegion,
			})
		}
	}
	return Image{}, fmt.Errorf("copy %s as %q: EC2 answers with the copy %s, which is gone", c.SourceImageID, c.Name, gone)
}

// copyToken returns the token of a copy, the same one for the same copy after one that is gone: 64 characters, which
// are as many as EC2 takes.
func (e *ec2) copyToken(in *ec2query.CopyImageInput, gone string) string {
	request := ec2query.EncodeRequest("CopyImage", in)
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(request, " to %s after %s", e.region, gone)))
}

// copyGone reports whether a copy was deregistered: what EC2 has just given is then an earlier command's.
func (e *ec2) copyGone(ctx context.Context, id string) bool {
	for attempt := range copyLooks {
		m, err := e.describeOne(ctx, id)
		if !HasCode(err, IDNotFound) {
			return err == nil && m.State == Deregistered
		}
		if e.wait(ctx, copyPause(attempt)) != nil {
			return false
		}
	}
	return true
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
			return latest, fmt.Errorf("copy %s of %s is %s%s; once it is deregistered, the same command makes another one",
				m.ID, source, latest.State, latest.because())
		case err == nil:
			m = latest
		}
		if err := e.wait(ctx, copyPause(attempt)); err != nil {
			return m, fmt.Errorf("copy %s of %s goes on: %w; the same command again waits for it", m.ID, source, err)
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
