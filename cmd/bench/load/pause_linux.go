package load

import (
	"syscall"
	"time"
)

// pause sleeps to a few hundredths of a millisecond. Go's own timers wake a process that has nothing
// else to do a millisecond late here, which would count as latency.
func pause(d time.Duration) {
	if d > 0 {
		left := syscall.NsecToTimespec(int64(d))
		_ = syscall.Nanosleep(&left, nil) // woken early, by a signal, it sends early by that much
	}
}
