package audit

import (
	"bytes"
	"regexp"
	"strings"
)

// A logAgent is a program that ships logs, with a configuration of keys and values, in YAML, TOML, JSON or whatever is
// like them.
type logAgent struct {
	name  string
	files []string // patterns
	keys  string   // those whose value says where to, a regular expression
}

func logAgents() []logAgent {
	const common = `hosts?|servers?|urls?|uri|endpoints?|address|addresses|brokers|bootstrap_servers`
	return []logAgent{
		{"systemd-journal-upload", []string{"etc/systemd/journal-upload.conf", "etc/systemd/journal-upload.conf.d/*.conf"}, `url`},
		{"journald", []string{"etc/systemd/journald.conf", "etc/systemd/journald.conf.d/*.conf"}, `forwardtosocket`},
		{"filebeat", []string{"etc/filebeat/filebeat.yml", "etc/auditbeat/auditbeat.yml", "etc/journalbeat/journalbeat.yml"}, `hosts?|url`},
		{"a Beat", []string{"etc/metricbeat/metricbeat.yml", "etc/packetbeat/packetbeat.yml", "etc/heartbeat/heartbeat.yml", "etc/winlogbeat/winlogbeat.yml"}, `hosts?|url`},
		{"Elastic Agent", []string{"etc/elastic-agent/*.yml", "opt/Elastic/Agent/*.yml"}, `hosts?|url`},
		{"fluentd", []string{"etc/td-agent/td-agent.conf", "etc/fluent/fluentd.conf", "etc/fluent/fluent.conf", "etc/fluentd/*.conf"}, common},
		{"fluent-bit", []string{"etc/fluent-bit/*.conf", "etc/fluent-bit/*.yaml", "etc/td-agent-bit/*.conf"}, common},
		{"splunk", []string{
			"opt/splunk*/etc/system/local/*.conf", "opt/splunk*/etc/apps/*/local/outputs.conf", "opt/splunk*/etc/deployment-apps/*/local/outputs.conf",
		}, `server|targeturi|uri`},
		{"vector", []string{"etc/vector/*.toml", "etc/vector/*.yaml", "etc/vector/*.json"}, common},
		{"promtail", []string{"etc/promtail/*.y*ml", "etc/promtail-*.yaml"}, `url`},
		{"Grafana Agent", []string{"etc/grafana-agent.yaml", "etc/alloy/config.alloy"}, `url`},
		{"the OpenTelemetry collector", []string{"etc/otelcol*/*.yaml"}, `endpoint`},
		{"logstash", []string{"etc/logstash/conf.d/*.conf", "etc/logstash/logstash.yml"}, common},
		{"telegraf", []string{"etc/telegraf/telegraf.conf", "etc/telegraf/telegraf.d/*.conf"}, `urls?|servers|brokers`},
		{"remote_syslog", []string{"etc/log_files.yml"}, `host`},
		{"the Datadog agent", []string{"etc/datadog-agent/datadog.yaml"}, `site|dd_url|logs_dd_url`},
		{"systemd-netlogd", []string{"etc/systemd/netlogd.conf", "etc/systemd/netlogd.conf.d/*.conf"}, `address`},
		{"Graylog Sidecar", []string{"etc/graylog/sidecar/sidecar.yml"}, `server_url`},
		{"the Sumo Logic collector", []string{"opt/SumoCollector/config/user.properties", "etc/otelcol-sumo/sumologic.yaml"}, `url|endpoint|api_base_url`},
		{"osquery", []string{"etc/osquery/osquery.flags"}, `--tls_hostname`},
		{"the agent of Azure Monitor", []string{"etc/opt/microsoft/omsagent/conf/omsadmin.conf", "etc/opt/microsoft/omsagent/*/conf/omsadmin.conf"}, `oms_endpoint`},
		{"sudo", []string{"etc/sudoers", "etc/sudoers.d/*"}, `log_servers`},
		{"docker", []string{"etc/docker/daemon.json"}, `(?:syslog|gelf|fluentd)-address|splunk-url`},
		{"busybox syslogd", []string{"etc/conf.d/syslog", "etc/default/busybox-syslogd", "etc/default/syslogd"}, `syslogd_opts|syslog_opts|syslogd`},
		{"logd", []string{"etc/config/system"}, `log_ip`},
		{"auditd", []string{"etc/audit/plugins.d/*.conf"}, `remote_server`},
		{"nxlog", []string{"etc/nxlog/nxlog.conf", "etc/nxlog.conf", "opt/nxlog/etc/nxlog.conf", "opt/nxlog/etc/nxlog.d/*.conf"}, `host`},
	}
}

// targets returns the values of the agent's keys that name a host: behind the key, or in the list in the lines after it.
func (a logAgent) targets(b []byte) []logTarget {
	re := regexp.MustCompile(`(?i)^(?:.*[\s{,."'])?(` + a.keys + `)["']?\s*[:=\s]\s*(.*)$`)
	var found []logTarget
	inList := false
	for n, line := range settings(b) {
		if strings.HasPrefix(line, "//") {
			continue
		}
		if item, ok := strings.CutPrefix(line, "- "); ok && inList && !strings.Contains(item, ": ") {
			found = append(found, a.hosts(n, item)...)
			continue
		}
		if inList && strings.HasPrefix(line, `"`) && !re.MatchString(line) {
			found = append(found, a.hosts(n, line)...)
			continue
		}
		m := re.FindStringSubmatch(strings.TrimPrefix(line, "- "))
		inList = m != nil && strings.Trim(m[2], "[ ") == ""
		if m != nil && !inList {
			found = append(found, a.hosts(n, m[2])...)
		}
	}
	return found
}

// hosts takes a value apart: one host, or a list of them.
func (a logAgent) hosts(n int, value string) []logTarget {
	if before, _, ok := strings.Cut(value, " #"); ok {
		value = before
	}
	if a.name == "busybox syslogd" {
		_, rest, ok := strings.Cut(value, "-R")
		if !ok {
			return nil
		}
		value = strings.Trim(strings.Fields(rest + " none")[0], `"'`)
	}
	var found []logTarget
	for part := range strings.FieldsFuncSeq(firstValue(value), func(r rune) bool { return strings.ContainsRune(`[]{}",' `, r) }) {
		if part = strings.TrimSpace(part); looksLikeHost(part) {
			found = append(found, logTarget{n, part, a.name})
		}
	}
	return found
}

// firstValue returns the value that s begins with, a string, a list or a word, and words behind commas. What else stands on
// the line, as in JSON, may be a password.
func firstValue(s string) string {
	s = strings.TrimLeft(s, "> \t")
	if s == "" {
		return ""
	}
	switch end := map[byte]string{'[': "]", '"': `"`, '\'': "'"}[s[0]]; {
	case s[0] == '{':
		return ""
	case end != "":
		value, _, _ := strings.Cut(s[1:], end)
		return value
	}
	s, _, _ = strings.Cut(s, "}")
	var words []string
	for part := range strings.SplitSeq(s, ",") {
		word := strings.Fields(part)
		if len(word) == 0 || len(word) > 1 && len(words) > 0 || strings.ContainsAny(part, `"'=`) {
			break
		}
		if words = append(words, word[0]); len(word) > 1 {
			break
		}
	}
	return strings.Join(words, " ")
}

// looksLikeHost tells whether s may be a host, as far as a key with such a name may have other values.
func looksLikeHost(s string) bool {
	return !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "unix:") && !strings.HasPrefix(s, ":") &&
		(strings.ContainsAny(s, ".:") || strings.Trim(s, "0123456789") != "") && !strings.ContainsAny(s, `=;\`)
}

// checkAudisp looks at the plug-in of auditd that sends events on, which counts where it is active.
func checkAudisp(p *probe) {
	active := false
	for _, name := range []string{"etc/audit/plugins.d/au-remote.conf", "etc/audisp/plugins.d/au-remote.conf"} {
		b, _ := p.read(name)
		active = active || strings.EqualFold(spaced(b)["active"], "yes")
	}
	if !active {
		return
	}
	for _, name := range []string{"etc/audit/audisp-remote.conf", "etc/audisp/audisp-remote.conf"} {
		b, _ := p.read(name)
		if host := spaced(b)["remote_server"]; !isLocal(hostOf(host)) {
			p.find(Error, name, 0, "auditd sends events to %s", hostOf(host))
		}
	}
}

// spaced returns settings that have blanks around =.
func spaced(b []byte) map[string]string { return variables(b) }

// checkCloudWatch looks at the agents of CloudWatch Logs. What they send goes to the account that the instance is of, unless
// they bring credentials, a role or an endpoint.
func checkCloudWatch(p *probe) {
	for _, pattern := range []string{
		"opt/aws/amazon-cloudwatch-agent/etc/*.json", "opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.d/*",
		"opt/aws/amazon-cloudwatch-agent/bin/config.json", "etc/awslogs/awslogs.conf", "etc/awslogs/awscli.conf", "var/awslogs/etc/*.conf",
	} {
		for _, name := range p.glob(pattern) {
			b, _ := p.read(name)
			elsewhere := regexp.MustCompile(`(?m)^[^#]*\b(endpoint_override|endpoint_url|role_arn|aws_access_key_id|shared_credential_file|credentials_file)\b`)
			switch m := elsewhere.FindSubmatch(b); {
			case m != nil:
				p.find(Error, name, 0, "the agent of CloudWatch may send logs to the account of another: it has %s", m[1])
			case bytes.Contains(b, []byte("log_group_name")):
				p.find(Warning, name, 0, "the agent of CloudWatch sends logs to the account of the instance")
			}
		}
	}
}
