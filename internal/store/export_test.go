package store

import "time"

// Hurried returns cfg with short waits: tests do not sleep.
func Hurried(cfg Config) Config {
	cfg.pace = pace{base: time.Millisecond, cap: 5 * time.Millisecond, idle: 10 * time.Second}
	return cfg
}

// Impatient returns cfg with connections that are dead when they are idle for so long.
func Impatient(cfg Config, idle time.Duration) Config {
	cfg = Hurried(cfg)
	cfg.pace.idle = idle
	return cfg
}
