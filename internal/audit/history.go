package audit

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"

	"amiforge/internal/rootfs"
)

// isHistory knows what shells, clients and editors write down of what is typed.
func isHistory(name string) bool {
	base := path.Base(name)
	switch {
	case strings.HasPrefix(base, ".") && (strings.HasSuffix(base, "history") || strings.HasSuffix(base, "_hist")):
		return true // .bash_history, .psql_history, .zsh_history and all the others
	case strings.HasPrefix(path.Base(path.Dir(name)), ".bash_sessions"), strings.HasPrefix(base, ".bash_history"):
		return true
	case slices.Contains([]string{
		".histfile", ".zhistory", ".lesshst", ".viminfo", "viminfo", ".dbshell", "fish_history", "ConsoleHost_history.txt", "main.shada", ".netrwhist",
		"mongosh_repl_history", "ghci_history", "search_history", "cqlsh_history", "repl_history.jl", "recently-used.xbel",
	}, base):
		return true
	}
	hidden := strings.Contains("/"+path.Dir(name), "/.") // .local/state/bash/history, .ipython/profile_default/history.sqlite
	return hidden && slices.Contains([]string{"history", "history.txt", "history.db", "history.sqlite", "history.sqlite3"}, base)
}

// typedSecret is a password that is given to a command, or put in a variable of the environment.
const typedSecret = `(?i)(?:--?pass(?:word|wd)?[= ]|\bsshpass -p ?|\bcurl [^\n]{0,200}-u ?[^\s:]{1,64}:|\bmysql(?:dump)? [^\n]{0,200}-p|` +
	`\b(?:docker|podman) login [^\n]{0,200}-p |\bhtpasswd -\w*b\w* \S{1,200} \S{1,64} |\bredis-cli [^\n]{0,200}-a |\bldap\w{3,9} [^\n]{0,200}-w |-pass(?:in|out)? pass:|` +
	`\b[A-Z_]*(?:PASSWORD|PASSWD|PGPASS|DB_PASS|MYSQL_PWD|_TOKEN|_SECRET|SECRET_KEY)=)["']?([^\s"'$<*` + "`" + `]{4,200})|` +
	`\becho ["']?[\w-]{1,32}:([^\s"'$<*` + "`" + `]{4,200})["']?\s*\|\s*(?:sudo )?chpasswd`

func beginHistories(p *probe) visitor {
	typed := regexp.MustCompile(typedSecret)
	return visitFunc(func(f *rootfs.File) scanner {
		if !isRegular(f) || !isHistory(f.Name) || isDistribution(f.Name) {
			return nil
		}
		found := 0
		return func(c *chunk) bool {
			for _, m := range p.newSecrets(c) {
				if found++; found <= maxPerFile {
					p.match(Error, f.Name, c.Line+m.Line-1, m, " in a history")
				}
			}
			for _, at := range typed.FindAllSubmatchIndex(c.Data, maxPerFile) {
				if at[1] <= c.New {
					continue // told before
				}
				if found++; found <= maxPerFile {
					p.findSecret(Error, f.Name, c.line(at[0]), group(c.Data, at), "password or token in a history")
				}
			}
			enough := c.Offset >= maxScanned
			if (c.Last || enough) && found == 0 && (c.Offset > 0 || len(bytes.TrimSpace(c.Data)) > 0) {
				p.find(Warning, f.Name, 0, "a history of commands")
			}
			return found <= maxPerFile && !enough
		}
	})
}

// maxPerFile is how many secrets of one file are told of.
const maxPerFile = 20
