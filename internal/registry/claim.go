package registry

import (
	"context"
	"encoding/json"
	"fmt"
)

// A claim makes a name an image's own. It counts for as long as it is not released and the image that it
// names is not dead; then the next one may replace it.
type claim struct {
	Name     string
	ImageID  string `json:"ImageId"`
	Released bool   `json:",omitempty"`
	Nonce    string // see record
}

// A held claim is one as it was read, with the version to replace.
type heldClaim struct {
	claim
	key, version string
}

func (e *objects) loadClaim(ctx context.Context, m Image) (heldClaim, error) {
	key := claimKey(m)
	text, version, err := e.keys.Get(ctx, key)
	if err != nil {
		return heldClaim{}, err
	}
	held := heldClaim{key: key, version: version}
	if err := json.Unmarshal(text, &held.claim); err != nil {
		return heldClaim{}, &UnreadableError{key, err}
	}
	if held.Name != m.Name {
		return heldClaim{}, &UnreadableError{key, fmt.Errorf("it is of name %q", held.Name)}
	}
	if err := CheckID(held.ImageID); err != nil {
		return heldClaim{}, &UnreadableError{key, err}
	}
	return held, nil
}

// encodeClaim returns m's claim on its name as it is stored.
func (e *objects) encodeClaim(m Image, released bool) ([]byte, error) {
	nonce, err := newNonce(e.random)
	if err != nil {
		return nil, err
	}
	return encode(claim{Name: m.Name, ImageID: m.ID, Released: released, Nonce: nonce})
}

// release frees m's name. It only saves the next one a look at m's record, so its failure is none.
func (e *objects) release(ctx context.Context, m Image) {
	held, err := e.loadClaim(ctx, m)
	if err != nil || held.ImageID != m.ID || held.Released {
		return
	}
	if text, err := e.encodeClaim(m, true); err == nil {
		_, _ = e.keys.Replace(ctx, held.key, text, held.version)
	}
}
