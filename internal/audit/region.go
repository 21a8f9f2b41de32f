package audit

import (
	"bytes"
	"iter"
	"regexp"
	"strings"

	"amiforge/internal/rootfs"
)

func regionRules() []Rule {
	return []Rule{{
		ID: "REGION", Title: "no file names an AWS region", Severity: Warning, Sources: []string{"COPY"},
		Advice: "Take the region from the instance metadata (placement/region), so that the image works in every region that it is copied to.",
		begin:  beginRegion,
	}}
}

// regionPattern is a region, or a zone of one, among the labels of a host's name.
func regionPattern() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[.-])(?:us|eu|ap|sa|ca|me|af|cn|il|mx)(?:-gov|-iso[a-f]?)?-` +
		`(?:central|north|south|east|west|northeast|northwest|southeast|southwest)-\d[a-z]?\.`)
}

// regionSetting is what follows a word that ends in region, where it says which one is meant.
func regionSetting() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^["']?[ \t]*[:=][ \t]*["']?((?:us|eu|ap|sa|ca|me|af|cn|il|mx)(?:-gov|-iso[a-f]?)?-` +
		`(?:central|north|south|east|west|northeast|northwest|southeast|southwest)-\d)\b`)
}

// regionalDomains are those whose hosts may be of one region.
func regionalDomains() [][]byte {
	return [][]byte{[]byte(".amazonaws.com"), []byte(".api.aws"), []byte(".archive.ubuntu.com"), []byte(".ports.ubuntu.com")}
}

// beginRegion looks at files of configuration, of ConfigSize at most, where administrators put such.
func beginRegion(p *probe) visitor {
	re, set, domains := regionPattern(), regionSetting(), regionalDomains()
	return visitFunc(func(f *rootfs.File) scanner {
		if !isRegular(f) || f.Info.Size() > rootfs.ConfigSize || !hasConfiguration(f.Name) {
			return nil
		}
		return func(c *chunk) bool {
			if !isBinary(c.Data) && !p.isUnchanged(f.Name, c.Data) {
				for at, region := range regionSettings(c.Data, set) {
					p.find(Warning, f.Name, c.line(at), "it is set to one region: %s", region)
				}
				seen := map[string]bool{}
				for _, domain := range domains {
					for at := range hosts(c.Data, domain) {
						host := string(c.Data[at : at+hostLength(c.Data[at:])])
						if !seen[host] && len(seen) < 10 && re.MatchString(host) && !isComment(c.Data, at) {
							seen[host] = true
							p.find(Warning, f.Name, c.line(at), "it names a host of one region: %s", host)
						}
					}
				}
			}
			return false
		}
	})
}

// regionSettings goes over the regions that data is set to, and where: so many as are told of a file. The word is looked
// for first, as few files have it.
func regionSettings(data []byte, set *regexp.Regexp) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		const longest = 128 // bytes of what set matches
		found := 0
		for _, word := range []string{"region", "Region", "REGION"} {
			for from := 0; found < maxPerFile; {
				i := bytes.Index(data[from:], []byte(word))
				if i < 0 {
					break
				}
				from += i + len(word)
				m := set.FindSubmatch(data[from:min(len(data), from+longest)])
				if m == nil || bytes.IndexByte(lineUpTo(data, from), '#') >= 0 {
					continue
				}
				if found++; !yield(from, m[1]) {
					return
				}
			}
		}
	}
}

// hosts goes over where the names of hosts of a domain begin.
func hosts(data, domain []byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		for from := 0; ; {
			i := bytes.Index(data[from:], domain)
			if i < 0 {
				return
			}
			start := from + i
			for start > 0 && isHostByte(data[start-1]) && from+i-start < 255 {
				start--
			}
			if !yield(start) {
				return
			}
			from += i + len(domain)
		}
	}
}

func isHostByte(c byte) bool {
	return c == '.' || c == '-' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func hostLength(data []byte) int {
	n := 0
	for n < len(data) && n < 300 && isHostByte(data[n]) {
		n++
	}
	return n
}

// isComment tells whether the line that data[i] is in begins with #.
func isComment(data []byte, i int) bool {
	return bytes.HasPrefix(bytes.TrimLeft(lineUpTo(data, i), " \t"), []byte("#"))
}

// lineUpTo returns what stands before data[i] in its line, of a very long one the end.
func lineUpTo(data []byte, i int) []byte {
	const most = 4096
	near := data[max(0, i-most):i]
	return near[bytes.LastIndexByte(near, '\n')+1:]
}

// hasConfiguration tells whether name lies where an administrator writes.
func hasConfiguration(name string) bool {
	for _, dir := range []string{"etc/pki/", "etc/ssl/", "etc/ca-certificates/", "opt/aws/"} {
		if strings.HasPrefix(name, dir) {
			return false
		}
	}
	for _, dir := range []string{"site-packages", "dist-packages", "node_modules", "gems", "pkg/mod", "vendor", "doc", "man", "examples", ".cache"} {
		if strings.Contains(name, "/"+dir+"/") {
			return false
		}
	}
	for _, dir := range []string{"etc/", "opt/", "srv/", "home/", "root/", "var/www/", "usr/local/"} {
		if strings.HasPrefix(name, dir) {
			return true
		}
	}
	return false
}
