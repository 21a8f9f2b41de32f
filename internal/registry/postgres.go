package registry

import "amiforge/internal/pgkeys"

// openDatabase returns the keys in the database at location, a URL.
func openDatabase(location string) (*pgkeys.Keys, error) {
	url, err := pgkeys.ParseURL(location)
	if err != nil {
		return nil, err
	}
	return pgkeys.Open(url, imageAttributes)
}

// HasPassword reports whether a registry's location is a URL with a password in it, which is not to be shown.
func HasPassword(location string) bool {
	if !pgkeys.IsURL(location) {
		return false
	}
	url, err := pgkeys.ParseURL(location)
	return err == nil && url.HasPassword()
}

// imageAttributes returns what the image in a record is found by, and false if the record cannot be read.
func imageAttributes(key string, text []byte) (pgkeys.Attributes, bool) {
	if _, isImage := imageID(key); !isImage {
		return pgkeys.Attributes{}, true
	}
	r, err := parseRecord(key, text)
	return pgkeys.Attributes{
		Owner: r.Owner, Region: r.Region, Name: r.Name, Location: r.Location, State: string(r.State),
	}, err == nil
}
