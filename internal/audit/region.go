package audit

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"amiforge/internal/rootfs"
)

func regionRules() []Rule {
	return []Rule{{
		ID: "REGION", Title: "no file names an AWS region", Severity: Warning, Sources: []string{"COPY"},
		Advice: "Take the region from the instance metadata (placement/region), so that the image works in every region that it is copied to.",
		begin:  beginRegion,
	}}
}

// regionPattern is the name of a host that has a region in it.
func regionPattern() *regexp.Regexp {
	const region = `(?:us|eu|ap|sa|ca|me|af|cn|il|mx)(?:-gov|-iso[a-f]?)?-(?:central|north|south|east|west|northeast|northwest|southeast|southwest)-\d`
	return regexp.MustCompile(`\b[a-zA-Z0-9][a-zA-Z0-9.-]{0,200}[.-](` + region + `)[a-z]?\.(?:[a-z0-9.-]{1,100}\.)?(?:amazonaws\.com|aws|archive\.ubuntu\.com|debian\.org)\b` +
		`|\b(` + region + `)\.(?:[a-z0-9-]{1,100}\.)?(?:amazonaws\.com|ec2\.archive\.ubuntu\.com|ec2\.ports\.ubuntu\.com)\b`)
}

// beginRegion looks at files of configuration, of ConfigSize at most, where administrators put such.
func beginRegion(p *probe) visitor {
	re := regionPattern()
	var mu sync.Mutex
	seen := map[string]bool{}
	return visitFunc(func(f *rootfs.File) scanner {
		if !isRegular(f) || f.Info.Size() > rootfs.ConfigSize || !hasConfiguration(f.Name) {
			return nil
		}
		return func(c *chunk) bool {
			if bytes.IndexByte(c.Data[:min(len(c.Data), 8192)], 0) >= 0 {
				return false
			}
			for _, at := range re.FindAllIndex(c.Data, 10) {
				host := string(c.Data[at[0]:at[1]])
				mu.Lock()
				again := seen[f.Name+" "+host]
				seen[f.Name+" "+host] = len(seen) < 10*maxFindings
				mu.Unlock()
				if !again && !strings.HasPrefix(commented(c.Data, at[0]), "#") {
					p.find(Warning, f.Name, c.line(at[0]), "it names a host of one region: %s", host)
				}
			}
			return true
		}
	})
}

// commented returns the line that data[i] is in, up to there and without the blanks in front.
func commented(data []byte, i int) string {
	start := bytes.LastIndexByte(data[:i], '\n') + 1
	return strings.TrimLeft(string(data[start:i]), " \t")
}

// hasConfiguration tells whether name lies where an administrator writes.
func hasConfiguration(name string) bool {
	for _, dir := range []string{"etc/pki/", "etc/ssl/", "etc/ca-certificates/", "opt/aws/"} {
		if strings.HasPrefix(name, dir) {
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
