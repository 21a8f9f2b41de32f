package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"amiforge/internal/store"
)

// Settings are what an account decided for a region. Where it decided nothing, or in words that this version
// does not know, the safe choice holds.
type settings struct {
	BlockPublicAccess string `json:"ImageBlockPublicAccessState"`
	Nonce             string // see record
}

// EC2's states of block public access.
const (
	blockNewSharing = "block-new-sharing"
	unblocked       = "unblocked"
)

func settingsKey(region, account string) string {
	return settingsPrefix + path.Join(region, account+".json")
}

// BlockPublicAccess reads the account's setting.
func (e *objects) BlockPublicAccess(ctx context.Context, region, account string) (bool, error) {
	if err := checkSettings(region, account); err != nil {
		return true, err
	}
	text, _, err := e.keys.Get(ctx, settingsKey(region, account))
	if isMissing(err) {
		return true, nil
	}
	if err != nil {
		return true, fmt.Errorf("settings of %s in %s: %w", account, region, err)
	}
	s, err := parseSettings(settingsKey(region, account), text)
	return s.BlockPublicAccess != unblocked, err
}

// SetBlockPublicAccess swaps the record of the account's settings.
func (e *objects) SetBlockPublicAccess(ctx context.Context, region, account string, block bool) error {
	if err := checkSettings(region, account); err != nil {
		return err
	}
	state := unblocked
	if block {
		state = blockNewSharing
	}
	for attempt := range updateAttempts {
		err := e.writeSettings(ctx, settingsKey(region, account), state)
		if err == nil {
			return nil
		}
		if !errors.Is(err, store.ErrConflict) && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("settings of %s in %s: %w", account, region, err)
		}
		if err := e.wait(ctx, pause(attempt)); err != nil {
			return err
		}
	}
	return fmt.Errorf("settings of %s in %s: other writers came first %d times", account, region, updateAttempts)
}

// writeSettings creates the record or replaces it, unless another writer comes first. Fields that a later
// version added survive.
func (e *objects) writeSettings(ctx context.Context, key, state string) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	nonce, err := newNonce(e.random)
	if err != nil {
		return err
	}
	becomes := settings{BlockPublicAccess: state, Nonce: nonce}
	text, version, err := e.keys.Get(ctx, key)
	if isMissing(err) {
		return e.createSettings(ctx, key, becomes)
	}
	if err != nil {
		return err
	}
	was, err := parseSettings(key, text)
	if err != nil {
		return err
	}
	if text, err = amend(text, was, becomes); err != nil {
		return err
	}
	_, err = e.keys.Replace(ctx, key, text, version)
	return err
}

func (e *objects) createSettings(ctx context.Context, key string, s settings) error {
	text, err := encode(s)
	if err != nil {
		return err
	}
	_, err = e.keys.Create(ctx, key, text)
	return err
}

func parseSettings(key string, text []byte) (settings, error) {
	var s settings
	if err := json.Unmarshal(text, &s); err != nil {
		return settings{}, &UnreadableError{key, err}
	}
	return s, nil
}

func checkSettings(region, account string) error {
	if err := CheckRegion(region); err != nil {
		return err
	}
	return CheckAccount(account)
}
