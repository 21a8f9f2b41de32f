package audit

import (
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

func remoteLogRules() []Rule {
	return []Rule{{
		ID: "REMOTE-LOG", Title: "no log is sent to another machine", Severity: Error, Sources: []string{"SHARED"},
		Advice: "Take the target away, so that what the instances of others log stays with them; one that the image is known for is allowed " +
			"by `--allow REMOTE-LOG:PATH`.",
		check: checkRemoteLog,
	}}
}

func checkRemoteLog(p *probe) {
	for _, pattern := range p.withIncluded("etc", "etc/rsyslog.conf", "etc/rsyslog.d/*.conf", "etc/syslog.conf", "etc/syslog.d/*.conf") {
		p.remoteLogs(pattern, rsyslogTargets)
	}
	for _, pattern := range p.withIncluded("etc/syslog-ng", "etc/syslog-ng/syslog-ng.conf", "etc/syslog-ng/conf.d/*.conf") {
		p.remoteLogs(pattern, syslogNGTargets)
	}
	for _, agent := range logAgents() {
		for _, pattern := range agent.files {
			p.remoteLogs(pattern, agent.targets)
		}
	}
	checkLogServices(p)
	checkAudisp(p)
	checkCloudWatch(p)
}

// maxIncluded is how many patterns configurations may include.
const maxIncluded = 256

// withIncluded returns the patterns and those that their files include, in rsyslog's ways or syslog-ng's. One that is
// relative is below dir.
func (r *run) withIncluded(dir string, patterns ...string) []string {
	include := regexp.MustCompile(`(?mi)^[ \t]*(?:\$IncludeConfig[ \t]+|include\s*\(\s*file\s*=\s*|@include[ \t]+)["']?([^"'\s)]+)`)
	for i := 0; i < len(patterns); i++ {
		for _, name := range r.glob(patterns[i]) {
			b, _ := r.read(name)
			for _, m := range include.FindAllSubmatch(b, maxIncluded) {
				pattern := string(m[1])
				if !strings.HasPrefix(pattern, "/") {
					pattern = path.Join("/", dir, pattern)
				}
				pattern = strings.TrimPrefix(path.Clean(pattern), "/")
				if strings.HasSuffix(string(m[1]), "/") {
					pattern += "/*" // a directory is all that is in it
				}
				if !slices.Contains(patterns, pattern) && len(patterns) < maxIncluded {
					patterns = append(patterns, pattern)
				}
			}
		}
	}
	return patterns
}

// A logTarget is where a line of a configuration sends logs to.
type logTarget struct {
	line int
	host string // or untold
	by   string // what sends them there
}

// untold stands for a host that the configuration does not name, or not here.
const untold = "a host that is not told"

// remoteLogs says where the files that match a pattern send logs to.
func (p *probe) remoteLogs(pattern string, targets func([]byte) []logTarget) {
	for _, name := range p.glob(pattern) {
		b, _ := p.read(name)
		for _, t := range targets(b) {
			switch host := hostOf(t.host); {
			case t.host == untold:
				p.find(Error, name, t.line, "%s sends logs to %s", t.by, untold)
			case !isLocal(host):
				p.find(Error, name, t.line, "%s sends logs to %s", t.by, host)
			}
		}
	}
}

// hostOf returns the host of a URL, an address or host:port. What a URL has before an @ is not in it.
func hostOf(s string) string {
	s = strings.Trim(strings.TrimSpace(s), `"'`)
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		return u.Hostname()
	}
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	s, _, _ = strings.Cut(s, "/")
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	if host, _, err := net.SplitHostPort(s); err == nil {
		return host
	}
	s = strings.Trim(s, "[]")
	if _, err := netip.ParseAddr(s); err == nil {
		return s
	}
	s, _, _ = strings.Cut(s, ":") // what else has colons may be a user and a password
	return s
}

// isLocal tells whether host is the machine itself, link-local as the instance metadata is, or not a host at all: a
// variable, a path.
func isLocal(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	switch host {
	case "", "localhost", "localhost.localdomain", "localhost4", "localhost6", "ip6-localhost", "none", "null", "true", "false":
		return true
	}
	return strings.HasSuffix(host, ".localhost") || strings.ContainsAny(host, "${}%/ <>|()*")
}

// rsyslogLegacy is a selector, or & for the one before, and a target: @host by UDP, @@host by TCP, :omrelp:host.
func rsyslogLegacy() *regexp.Regexp {
	return regexp.MustCompile(`^(?:(?:[^#"@]+?|:.*"[,\s]*|&)\s*)??-?(@@?(?:\([^)]*\))?|:om(?:relp|mysql|pgsql|libdbi|mail):)(\[[0-9a-fA-F:.]+\]|[^\s:;@,]+)`)
}

// rsyslogAction is the start of an action of RainerScript that sends somewhere.
func rsyslogAction() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\btype\s*=\s*"(om(?:fwd|relp|mail|prog|mysql|pgsql|libdbi|elasticsearch|kafka|http|amqp1|mongodb|azureeventhubs|gssapi|udpspoof|clickhouse|hiredis|rabbitmq|zmq3|czmq|fwdtls))"`)
}

func rsyslogTarget() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(?:target|server|servername|broker|host|uri|uristr|amqp_address|azurehost|serverurl)\s*=\s*\[?\s*"([^"]+)"`)
}

// rsyslogTargets reads rsyslog.conf(5) and what syslogd had before it.
func rsyslogTargets(b []byte) []logTarget {
	var found []logTarget
	legacy, action, target := rsyslogLegacy(), rsyslogAction(), rsyslogTarget()
	for n, line := range settings(b) {
		for _, part := range []string{line, after(line, " then "), after(line, "{")} { // which may stand in a string, too
			part = strings.TrimLeft(part, " \t{")
			if m := legacy.FindStringSubmatch(part); m != nil && !strings.HasPrefix(part, "$") {
				found = append(found, logTarget{n, m[2], "syslog"})
				break
			}
		}
	}
	text := uncommented(b)
	for _, at := range action.FindAllStringSubmatchIndex(text, maxFindings) {
		start, end := enclosing(text, at[0])
		host := untold
		if m := target.FindStringSubmatch(text[start:end]); m != nil {
			host = m[1]
		}
		found = append(found, logTarget{1 + strings.Count(text[:at[0]], "\n"), host, text[at[2]:at[3]]})
	}
	return found
}

// after returns what of s stands behind the last sep, or all.
func after(s, sep string) string {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[i+len(sep):]
	}
	return s
}

// uncommented returns the text with the lines of comments empty, so that the numbers of lines stay.
func uncommented(b []byte) string {
	var text strings.Builder
	for _, line := range lines(b) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			text.WriteString(line)
		}
		text.WriteByte('\n')
	}
	return text.String()
}

// enclosing returns where the parentheses around text[i] begin and end, 4 KiB away at most.
func enclosing(text string, i int) (start, end int) {
	const limit = 4096
	start, end = max(0, i-limit), min(len(text), i+limit)
	if open := strings.LastIndexByte(text[start:i], '('); open >= 0 {
		start += open
	}
	if shut := strings.IndexByte(text[i:end], ')'); shut >= 0 {
		end = i + shut
	}
	return start, end
}

// syslogNGTargets reads the destinations of syslog-ng.conf(5). Sources have the same drivers.
func syslogNGTargets(b []byte) []logTarget {
	driver := regexp.MustCompile(`\b(tcp6?|udp6?|network|syslog|syslog-ng|loggly|logmatic|sql|mongodb|kafka-c|amqp|redis|stomp|smtp|relp|http|elasticsearch-http|loki|splunk-hec-event|sumologic-http)\s*\(\s*(?:(?:url|server|host|uri|bootstrap-servers)\s*\(\s*)?["']?([^"'\s)(]*)`)
	begin := regexp.MustCompile(`\b(destination|source)\b[^;{]*\{`)
	text := uncommented(b)
	var found []logTarget
	blocks := begin.FindAllStringSubmatchIndex(text, maxFindings)
	for i, block := range blocks {
		end := len(text)
		if i+1 < len(blocks) {
			end = blocks[i+1][0]
		}
		if text[block[2]:block[3]] == "source" {
			continue
		}
		if log := strings.Index(text[block[1]:end], "};"); log >= 0 {
			end = block[1] + log
		}
		for _, m := range driver.FindAllStringSubmatchIndex(text[block[1]:end], maxFindings) {
			at := block[1] + m[0]
			host := text[block[1]+m[4] : block[1]+m[5]]
			if strings.HasPrefix(text[block[1]+m[5]:], "(") {
				host = untold // that was an option
			}
			found = append(found, logTarget{1 + strings.Count(text[:at], "\n"), host, "syslog-ng"})
		}
	}
	return found
}
