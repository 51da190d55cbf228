//go:build unix

package kit

import "syscall"

func kill(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) }

func stop(pid int) error { return syscall.Kill(pid, syscall.SIGSTOP) }
