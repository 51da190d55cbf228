//go:build !unix

package kit

import (
	"errors"
	"os"
)

func kill(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}

func stop(int) error { return errors.ErrUnsupported }
