package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// sayMounts names what is mounted in the tree at root from other file systems, and is not skipped anyway.
func sayMounts(root string, skip func(name string, dir bool) bool, note func(text string)) {
	var st unix.Stat_t
	if unix.Stat(root, &st) != nil {
		return // which is found when the tree is opened
	}
	own := fmt.Sprintf("%d:%d", unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)))
	for _, m := range mounts() {
		name, ok := within(root, m.point)
		if info, err := os.Stat(m.point); err != nil || !info.IsDir() {
			continue // a file is told of when it is left out
		}
		if ok && name != "." && m.device != own && !skip(name, true) {
			note(m.point + " is another file system, and left out: -a takes it along")
		}
	}
}

// A mount is a file system that is mounted.
type mount struct{ device, point string }

// mounts returns what is mounted, as far as the system tells [proc_pid_mountinfo(5)].
func mounts() []mount {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil // not Linux
	}
	defer f.Close()
	var all []mount
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 4 {
			all = append(all, mount{device: fields[2], point: unescape(fields[4])})
		}
	}
	return all
}

// unescape puts spaces and the like back into a path, where the kernel writes \040.
func unescape(path string) string {
	return regexp.MustCompile(`\\[0-7]{3}`).ReplaceAllStringFunc(path, func(s string) string {
		n, err := strconv.ParseUint(s[1:], 8, 8)
		if err != nil {
			return s
		}
		return string([]byte{byte(n)})
	})
}
