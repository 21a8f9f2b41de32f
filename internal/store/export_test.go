package store

import "time"

// Hurried returns cfg with short waits: tests do not sleep.
func Hurried(cfg Config) Config {
	cfg.pace = pace{base: time.Millisecond, cap: 5 * time.Millisecond, idle: 10 * time.Second, grace: 10 * time.Second}
	return cfg
}

// Impatient returns cfg with connections that are dead when they are idle for so long.
func Impatient(cfg Config, idle time.Duration) Config {
	cfg = Hurried(cfg)
	cfg.pace.idle = idle
	return cfg
}

// Grace returns cfg with so much time for requests whose context has ended.
func Grace(cfg Config, grace time.Duration) Config {
	cfg.pace.grace = grace
	return cfg
}

// Memory returns how many bytes the parts took at most. It is for after Commit.
func (u *Upload) Memory() int { return len(u.pages.free) * pageSize }
