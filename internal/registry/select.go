package registry

import (
	"context"
	"iter"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"amiforge/internal/pgkeys"
	"amiforge/internal/store"
)

// A selector is Keys that find images without reading all of them.
type selector interface {
	// Select yields the keys that begin with prefix, with their values, but for those that it knows not to be
	// selected. It may yield more than those that are.
	Select(ctx context.Context, prefix string, selection pgkeys.Selection) iter.Seq2[store.Entry, error]
}

// selection returns what is enough to read for the query.
func (q Query) selection() pgkeys.Selection {
	s := pgkeys.Selection{
		Equal: pgkeys.Attributes{Owner: q.Owner, Region: q.Region, Name: q.Name, Location: q.Location},
	}
	for _, state := range []State{Pending, Failed, Disabled, Deregistered} {
		// A copy, because those that are pending are always shown.
		if !q.shows(Image{State: state, SourceImageID: "any"}) {
			s.ButStates = append(s.ButStates, string(state))
		}
	}
	narrow(&s.Equal, q.Filters)
	return s
}

// narrow takes over what filters ask for without wildcards.
func narrow(equal *pgkeys.Attributes, filters []Filter) {
	columns := map[string]*string{nameFilter: &equal.Name, "owner-id": &equal.Owner, stateFilter: &equal.State}
	for _, f := range filters {
		column, ok := columns[f.Name]
		if ok && len(f.Values) == 1 && !strings.ContainsAny(f.Values[0], `*?\`) {
			*column = f.Values[0]
		}
	}
}

// selected reads the records that a query without IDs is about, if the keys can select: ok.
func (e *objects) selected(ctx context.Context, query Query) (found []fetched, ok bool, err error) {
	keys, ok := e.keys.(selector)
	if !ok {
		return nil, false, nil
	}
	found, err = parseEntries(keys.Select(ctx, imagePrefix, query.selection()))
	return found, true, err
}

// parseBatch is how many records a core is given at a time.
const parseBatch = 128

// parseEntries reads records on all cores, in their order. Where every core has a batch to parse, reading waits.
func parseEntries(entries iter.Seq2[store.Entry, error]) ([]fetched, error) {
	var batches []*[]fetched
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	defer group.Wait()
	for batch, err := range inBatches(entries) {
		if err != nil {
			return nil, err
		}
		found := new([]fetched)
		batches = append(batches, found)
		group.Go(func() error {
			*found = parseAll(batch)
			return nil
		})
	}
	_ = group.Wait() // what cannot be parsed is no failure
	var all []fetched
	for _, found := range batches {
		all = append(all, *found...)
	}
	return all, nil
}

// inBatches yields entries some at a time, or the first error.
func inBatches(entries iter.Seq2[store.Entry, error]) iter.Seq2[[]store.Entry, error] {
	return func(yield func([]store.Entry, error) bool) {
		batch := make([]store.Entry, 0, parseBatch)
		for entry, err := range entries {
			if err != nil {
				yield(nil, err)
				return
			}
			if batch = append(batch, entry); len(batch) < parseBatch {
				continue
			}
			if !yield(batch, nil) {
				return
			}
			batch = make([]store.Entry, 0, parseBatch)
		}
		yield(batch, nil)
	}
}

func parseAll(batch []store.Entry) []fetched {
	found := make([]fetched, 0, len(batch))
	for _, entry := range batch {
		id, isImage := imageID(entry.Key)
		if !isImage {
			continue
		}
		r, err := parseRecord(entry.Key, entry.Value)
		found = append(found, fetched{id: id, image: r.Image, unreadable: err})
	}
	return found
}
