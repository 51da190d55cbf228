//go:build !linux

package process

import (
	"fmt"
	"os/exec"
	"runtime"
)

// bounds are what limits a process: on this system, its lifeline and, where there are any, its group.
type bounds struct{}

func newBounds(Options, Program) bounds { return bounds{} }

func (b *bounds) release() {}

func (b *bounds) own(...string) error { return nil }

func (b *bounds) share(socket, _ string) (string, error) { return socket, nil }

func (b *bounds) prepare(cmd *exec.Cmd) { ownGroup(cmd) }

func (b *bounds) outside(*exec.Cmd) *exec.Cmd { return nil }

func (b *bounds) outOfMemory() bool { return false }

func (b *bounds) apply(int, bool) []string {
	return []string{fmt.Sprintf("user, privileges, memory, open files, core files, threads, network, processor time and the host's death by force: not bounded on %s", runtime.GOOS)}
}

func awaitZombie(int) bool { return false }

func (b *bounds) sweep() {}

func resident(int) int64 { return 0 }
