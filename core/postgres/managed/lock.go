package managed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// lockFile takes the data folder for this process. The kernel lets go of the
// lock when the process ends, however it ends; the file itself stays. With wait
// it queues behind other starters until ctx ends.
func lockFile(ctx context.Context, l layout, wait bool) (*os.File, error) {
	// O_NOFOLLOW: root must not be led out of the folder by its owner.
	f, err := os.OpenFile(l.lock, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	err = flock(ctx, f, wait)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%w: %s is held by another veche (process %s): stop that one, or give this one another --data-dir",
			ErrInUse, l.root, holder(f))
	}
	if err == nil {
		err = errors.Join(l.give(f), writeHolder(f))
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func flock(ctx context.Context, f *os.File, wait bool) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || (!errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR)) {
			return err
		}
		if !wait && errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for process %s to let go of the data folder: %w", holder(f), ctx.Err())
		case <-tick.C:
		}
	}
}

func writeHolder(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("lock the data folder: %w", err)
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("lock the data folder: %w", err)
	}
	return nil
}

// holder reads who took the lock; it may be empty in the instant between taking
// the lock and writing the number.
func holder(f *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 32))
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return pid
	}
	return "unknown"
}
