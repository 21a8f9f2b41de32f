package tree

import (
	"bytes"
	"io"
	"path"
	"slices"
	"strings"

	"amiforge/diskimg"
	"amiforge/internal/secret"
)

// SecretOptions say what FilterSecrets does. Nil means the defaults.
type SecretOptions struct {
	// Include has what stays whatever it is. Nil includes nothing.
	Include *Selection

	// Report is told what was left out. It is called in Next. Nil ignores it.
	Report func(Filtered)
}

// Filtered is a file that FilterSecrets left out, and why: "SSH host key".
type Filtered struct{ Name, Reason string }

// FilterSecrets leaves secrets out of src: private keys by their names and by the first 64 KiB of their content;
// keys and authorized keys of SSH; credentials; histories; what cloud-init and editors leave behind. All names of a file
// that is a secret go, but for names given before that tell nothing.
//
// Certificates, keyrings of packages, directories and symbolic links stay, /etc/shadow too, which the machine needs, and
// so does the snake oil key of Debian, which servers do not start without. Private keys that packages have below /usr as
// examples and for tests stay if only their content tells that they are keys.
func FilterSecrets(src Source, opts *SecretOptions) Source {
	f := &secretFilter{Source: src, rules: newSecretRules(), out: map[string]string{}, first: map[string]string{}}
	if opts != nil {
		f.opts = *opts
	}
	if f.opts.Report == nil {
		f.opts.Report = func(Filtered) {}
	}
	return f
}

type secretFilter struct {
	Source
	opts  SecretOptions
	rules *secretRules
	out   map[string]string // why what was left out was
	first map[string]string // of other names that went, the name that stays
	peek  bytes.Reader      // the content of a file that was looked at
	buf   []byte
}

func (f *secretFilter) Next() (*Item, error) {
	for {
		item, err := f.Source.Next()
		if err != nil {
			return nil, err
		}
		reason, err := f.reason(item)
		if err != nil {
			return nil, err
		}
		if reason == "" {
			delete(f.out, item.Name) // where the name comes again
			return item, nil
		}
		f.opts.Report(Filtered{item.Name, reason})
	}
}

// reason tells why the item is left out, "" if it stays.
func (f *secretFilter) reason(item *Item) (string, error) {
	switch {
	case item.HardLink != "":
		return f.link(item), nil
	case !item.Mode.IsRegular() || item.Name == snakeOil || f.opts.Include.Includes(item.Name):
		return "", nil
	}
	reason := ""
	rule := f.rules.find(item.Name)
	if rule != nil && rule.holds == nil {
		reason = rule.reason
	} else if err := f.content(item, rule, &reason); err != nil {
		return "", err
	}
	if reason != "" {
		f.out[item.Name] = reason
	}
	return reason, nil
}

// snakeOil is the certificate's key that Debian makes for each machine and nobody trusts.
const snakeOil = "etc/ssl/private/ssl-cert-snakeoil.key"

// link decides about another name of a file. Where the first name stayed, this one goes if it tells that it is a secret.
func (f *secretFilter) link(item *Item) string {
	if first, ok := f.first[item.HardLink]; ok {
		item.HardLink = first
	}
	if reason, ok := f.out[item.HardLink]; ok {
		f.out[item.Name] = reason
		return reason + ", as /" + item.HardLink
	}
	if item.Mode.Type() != 0 || item.Name == snakeOil || f.opts.Include.Includes(item.Name) {
		return ""
	}
	rule := f.rules.find(item.Name)
	if rule == nil || rule.holds != nil {
		return ""
	}
	f.first[item.Name] = item.HardLink
	return rule.reason + ", which stays under its other name /" + item.HardLink
}

// content looks at what is in the file, which the item has after that all the same, and sets reason if it is a secret.
func (f *secretFilter) content(item *Item, rule *secretRule, reason *string) error {
	if item.Size == 0 || item.Content == nil || rule == nil && isExample(item.Name) {
		return nil
	}
	p, err := f.beginning(item)
	if err != nil {
		return err
	}
	if *reason = secret.PrivateKey(p); *reason == "" && rule != nil && rule.isHeld(p) {
		*reason = rule.reason
	}
	return nil
}

// beginning reads as much of the file as is looked at, and puts it back. Of a long file with holes it is nothing.
func (f *secretFilter) beginning(item *Item) ([]byte, error) {
	if small, ok := item.Content.(*smallContent); ok { // in memory already
		return small.rest, nil
	}
	n := min(item.Size, looksAt(item.Name))
	if _, holes := item.Content.(diskimg.Source); holes && n < item.Size {
		return nil, nil
	}
	f.buf = slices.Grow(f.buf[:0], int(n))[:n]
	rest := item.Content
	item.Content = &f.peek
	if n < item.Size {
		if _, err := io.ReadFull(rest, f.buf); err != nil {
			return nil, noEOF(err)
		}
		item.Content = io.MultiReader(&f.peek, rest)
	} else if err := readContent(&Item{Entry: item.Entry, Content: rest}, f.buf); err != nil {
		return nil, err
	}
	f.peek.Reset(f.buf)
	return f.buf, nil
}

// looksAt returns how much of the beginning of a file is looked at, in bytes. In key stores the key may come after much else.
func looksAt(name string) int64 {
	switch path.Ext(name) {
	case ".jks", ".p12", ".pfx", ".keystore":
		return 4 << 20
	}
	return secret.Enough
}

// isExample tells whether the file is one of those that packages have as examples, or for tests: what is in them is public.
func isExample(name string) bool {
	if !strings.HasPrefix(name, "usr/") || strings.HasPrefix(name, "usr/local/") {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "doc", "docs", "example", "examples", "sample", "samples", "demo", "demos", "fixtures", "test", "tests", "testdata", "testing":
			return true
		}
	}
	return false
}
