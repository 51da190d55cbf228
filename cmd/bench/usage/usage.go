// Package usage reads what processes have used, from Linux' /proc. Elsewhere Measured says no, and
// the figures stay zero.
package usage

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// tick is the unit of the CPU counters: Linux gives them to programs in hundredths of a second
// (USER_HZ) on every architecture that Go runs on.
const tick = 10 * time.Millisecond

// Measured says whether this system tells.
func Measured() bool {
	_, err := os.Stat("/proc/self/stat")
	return err == nil
}

// CPU is the time that a process, everything below it, and what has ended below it have worked, in
// user and kernel mode. A process that ends between two calls is not lost: its parent inherits.
func CPU(pid int) (time.Duration, error) {
	if !Measured() {
		return 0, nil
	}
	all, err := processes()
	if err != nil {
		return 0, err
	}
	root, ok := all[pid]
	if !ok {
		return 0, fmt.Errorf("usage: process %d is gone", pid)
	}
	below := map[int][]process{}
	for _, p := range all {
		below[p.parent] = append(below[p.parent], p)
	}
	var sum time.Duration
	for open := []process{root}; len(open) > 0; {
		p := open[0]
		open = append(open[1:], below[p.pid]...)
		sum += p.cpu
	}
	return sum, nil
}

// process is one line of /proc/<pid>/stat.
type process struct {
	pid, parent int
	name        string
	cpu         time.Duration // its own and of its children that have ended
}

func processes() (map[int]process, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	all := make(map[int]process, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended since
		}
		p, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("usage: %s: %w", file, err)
		}
		all[p.pid] = p
	}
	return all, nil
}

// parse reads: pid (name) state ppid ... with utime, stime, cutime and cstime as 14th to 17th. The
// name may hold anything, also spaces and brackets.
func parse(stat []byte) (process, error) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return process{}, fmt.Errorf("no name in %q", stat)
	}
	fields := bytes.Fields(stat[end+1:])
	if len(fields) < 15 {
		return process{}, fmt.Errorf("only %d fields in %q", len(fields), stat)
	}
	numbers := []int{0, 0, 0, 0, 0, 0}
	for i, field := range [][]byte{bytes.TrimSpace(stat[:open]), fields[1], fields[11], fields[12], fields[13], fields[14]} {
		var err error
		if numbers[i], err = strconv.Atoi(string(field)); err != nil {
			return process{}, err
		}
	}
	ticks := numbers[2] + numbers[3] + numbers[4] + numbers[5]
	return process{pid: numbers[0], parent: numbers[1], name: string(stat[open+1 : end]), cpu: time.Duration(ticks) * tick}, nil
}

// Memory is what a process holds in RAM, in bytes (its resident set).
func Memory(pid int) (int64, error) {
	if !Measured() {
		return 0, nil
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("usage: %w", err)
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0, fmt.Errorf("usage: statm of %d is %q", pid, text)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// Parent is the parent of a process of that name on this machine; false when there is none such.
func Parent(pid int, name string) (int, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	p, err := parse(text)
	return p.parent, err == nil && p.name == name
}
