package audit

import (
	"path"
	"slices"
	"strings"
)

// checkJobs looks for jobs of users: those of packages are in /etc.
func checkJobs(p *probe) {
	for _, pattern := range []string{"var/spool/cron/*", "var/spool/cron/crontabs/*", "var/spool/cron/tabs/*", "etc/crontabs/*"} {
		for _, name := range p.glob(pattern) {
			if p.sizeOf(name) == 0 || name == "etc/crontabs/root" { // that of Alpine runs /etc/periodic
				continue
			}
			b, _ := p.read(name)
			for n, line := range settings(b) {
				if strings.ContainsAny(line[:1], "*0123456789@") {
					p.find(Warning, name, n, "a job of %s", path.Base(name))
				}
			}
		}
	}
	for _, pattern := range []string{"var/spool/at/[^.]*", "var/spool/cron/atjobs/[^.]*"} {
		for _, name := range p.glob(pattern) {
			if p.sizeOf(name) > 0 {
				p.find(Warning, name, 0, "a job that runs once")
			}
		}
	}
}

// checkSystemJobs looks for those in /etc that are of no package. Where there is no list of packages that can be read, those
// with the usual names are not told.
func checkSystemJobs(p *probe) {
	usual := strings.Fields(".placeholder 0hourly 0anacron anacron 0yum-daily.cron logrotate man-db.cron raid-check sysstat run-parts e2scrub_all")
	for _, name := range p.scripts("etc/cron.d/*", "etc/cron.hourly/*", "etc/cron.daily/*", "etc/cron.weekly/*", "etc/cron.monthly/*") {
		if !p.isListed(name, slices.Contains(usual, path.Base(name))) {
			p.find(Warning, name, 0, "a job that runs by itself, and is of no package that is known")
		}
	}
	for _, name := range []string{"etc/crontab", "etc/anacrontab"} {
		b, _ := p.read(name)
		for n, line := range settings(b) {
			if strings.ContainsAny(line[:1], "*0123456789@") && !strings.Contains(line, "run-parts") {
				p.find(Warning, name, n, "a job that runs by itself")
			}
		}
	}
}

// isListed tells whether a package's list has name, or returns otherwise where there are no lists.
func (r *run) isListed(name string, otherwise bool) bool {
	known := r.packagedFiles()
	if len(known.names) == 0 {
		return otherwise
	}
	return known.has(name)
}
