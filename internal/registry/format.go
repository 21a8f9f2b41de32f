package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"amiforge/internal/store"
)

// formatKey holds what the registry's writers have to agree on. Readers do without it.
const formatKey = "format"

// formatVersion is the version of all records below folder.
const formatVersion = 1

// A Prober is an engine, or its keys, whose store may not keep the promises that a registry stands on: some accept
// conditional writes and ignore the condition.
type Prober interface {
	// Probe tells whether the store keeps them, by writing. The first command that writes to a registry does it.
	Probe(ctx context.Context) error

	// Endpoint names the server that was probed.
	Endpoint() string
}

// A formatRecord says which endpoints have been probed, each with the version of the probe. Another endpoint of the
// same bucket may be another program.
type formatRecord struct {
	Version int
	Probes  map[string]int
	Nonce   string // see record
}

// format remembers that this engine has looked.
type format struct {
	sync.Mutex
	known bool
}

// ready returns nil once the engine may write.
func (e *objects) ready(ctx context.Context) error {
	if e.dryRun {
		return ErrDryRun
	}
	p, ok := e.keys.(Prober)
	if !ok {
		return nil
	}
	e.format.Lock()
	defer e.format.Unlock()
	if e.format.known {
		return nil
	}
	probed, err := e.probed(ctx, p.Endpoint())
	if err == nil && !probed {
		err = e.Probe(ctx)
	}
	e.format.known = err == nil
	return err
}

// probed reports whether the endpoint's probe is on record.
func (e *objects) probed(ctx context.Context, endpoint string) (bool, error) {
	text, _, err := e.keys.Get(ctx, formatKey)
	if isMissing(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("format of the registry: %w", err)
	}
	f, err := parseFormat(text)
	return f.Probes[endpoint] >= store.ProbeVersion, err
}

// Endpoint names the server behind the keys, "" where there is none to probe.
func (e *objects) Endpoint() string {
	if p, ok := e.keys.(Prober); ok {
		return p.Endpoint()
	}
	return ""
}

// Probe probes the store behind the keys, if that is a server, and puts that it passed on record.
func (e *objects) Probe(ctx context.Context) error {
	p, ok := e.keys.(Prober)
	if !ok {
		return nil
	}
	if err := p.Probe(ctx); err != nil {
		return err
	}
	for attempt := range updateAttempts {
		err := e.recordProbe(ctx, p.Endpoint())
		if err == nil {
			return nil
		}
		if !moved(err) && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("format of the registry: %w", err)
		}
		if err := e.wait(ctx, pause(attempt)); err != nil {
			return err
		}
	}
	return fmt.Errorf("format of the registry: other writers came first %d times", updateAttempts)
}

// recordProbe writes that the endpoint was probed, unless another writer comes first.
func (e *objects) recordProbe(ctx context.Context, endpoint string) error {
	nonce, err := newNonce(e.random)
	if err != nil {
		return err
	}
	becomes := formatRecord{Version: formatVersion, Probes: map[string]int{endpoint: store.ProbeVersion}, Nonce: nonce}
	text, version, err := e.keys.Get(ctx, formatKey)
	if isMissing(err) {
		text, err := encode(becomes)
		if err != nil {
			return err
		}
		_, err = e.keys.Create(ctx, formatKey, text)
		return err
	}
	if err != nil {
		return err
	}
	was, err := parseFormat(text)
	if err != nil {
		return err
	}
	for other, probe := range was.Probes {
		if other != endpoint {
			becomes.Probes[other] = probe
		}
	}
	if text, err = amend(text, was, becomes); err != nil {
		return err
	}
	_, err = e.keys.Replace(ctx, formatKey, text, version)
	return err
}

func parseFormat(text []byte) (formatRecord, error) {
	var f formatRecord
	if err := json.Unmarshal(text, &f); err != nil {
		return formatRecord{}, &UnreadableError{formatKey, err}
	}
	if f.Version != formatVersion {
		return formatRecord{}, &UnreadableError{formatKey, fmt.Errorf("its version is %d, this program writes %d", f.Version, formatVersion)}
	}
	return f, nil
}
