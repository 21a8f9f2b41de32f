package audit

import "regexp"

// A logService is a program that sends logs to a service, or to another machine, in a way of its own.
type logService struct {
	name  string
	files []string // patterns
	sends string   // an expression; its group is where to, without one that is untold
}

func logServices() []logService {
	return []logService{
		{"a Beat", []string{"etc/*beat/*beat.yml"}, `(?m)^[ \t]*cloud\.id:[ \t]*["']?[^\s"':]+:`},
		{"the Datadog agent", []string{"etc/datadog-agent/datadog.yaml"}, `(?m)^[ \t]*logs_enabled:[ \t]*true`},
		{"the New Relic agent", []string{"etc/newrelic-infra/logging.d/*.yml"}, `(?m)^[ \t]*-[ \t]*(?:name|file|systemd|syslog):`},
		{
			"fluentd",
			[]string{"etc/td-agent/td-agent.conf", "etc/fluent/fluentd.conf", "etc/fluent/fluent.conf"},
			`(?m)^[ \t]*@type[ \t]+(s3|cloudwatch_logs|kinesis_\w+|gcs|bigquery\w*|datadog|logdna|papertrail|sumologic|newrelic)\b`,
		},
		{"wazuh", []string{"var/ossec/etc/ossec.conf"}, `<(?:address|server-ip|server-hostname)>([^<\s]+)</`},
		{"the agent of Google Cloud", []string{"etc/google-cloud-ops-agent/config.yaml", "etc/google-fluentd/google-fluentd.conf"}, `(?m)^[ \t]*logging:|@type[ \t]+google_cloud`},
		{"nginx", []string{"etc/nginx/nginx.conf", "etc/nginx/conf.d/*.conf", "etc/nginx/sites-enabled/*"}, `(?m)^[^#\n]*\b(?:access|error)_log[ \t]+syslog:server=([^\s,;/]+)(?:[\s,;]|$)`},
		{"haproxy", []string{"etc/haproxy/haproxy.cfg", "etc/haproxy/conf.d/*.cfg"}, `(?m)^[ \t]*log[ \t]+([A-Za-z0-9_.:@\[\]-]+)[ \t]+(?:len |format |sample |ring |local|daemon|user|auth|kern|syslog)`},
		{
			"apache",
			[]string{"etc/apache2/apache2.conf", "etc/apache2/*-enabled/*.conf", "etc/httpd/conf/httpd.conf", "etc/httpd/conf.d/*.conf"},
			`(?mi)^[ \t]*(?:ErrorLog|CustomLog|GlobalLog|TransferLog)[ \t]+"?(?:syslog:|\|\S*n(?:c|cat|etcat)[ \t]+(?:-\S+[ \t]+)*)([A-Za-z0-9.-]+\.[A-Za-z0-9.-]+)`,
		},
		{
			"a job",
			[]string{"etc/systemd/system/*.service", "etc/systemd/system/*.d/*.conf", "etc/rc.local", "etc/cron.d/*"},
			`(?m)^[^#\n]*\b(?:journalctl|tail|logger)\b[^|\n]*\|[^\n]*?\b(?:n(?:c|cat|etcat)|socat|telnet)[ \t]+(?:-\S+[ \t]+)*([A-Za-z0-9.:-]+)`,
		},
		{"logger", []string{"etc/systemd/system/*.service", "etc/rc.local", "etc/cron.d/*", "etc/profile.d/*"}, `(?m)^[^#\n]*\blogger[ \t][^\n|]*(?:-n|--server)[ =]([A-Za-z0-9.:-]+)`},
	}
}

func checkLogServices(p *probe) {
	for _, s := range logServices() {
		sends := regexp.MustCompile(s.sends)
		for _, pattern := range s.files {
			p.remoteLogs(pattern, func(b []byte) []logTarget {
				var found []logTarget
				for _, at := range sends.FindAllSubmatchIndex(b, maxPerFile) {
					host := untold
					if len(at) > 2 {
						host = string(b[at[2]:at[3]])
					}
					found = append(found, logTarget{1 + newlines(b[:at[0]]), host, s.name})
				}
				return found
			})
		}
	}
}
