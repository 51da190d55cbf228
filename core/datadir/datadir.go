// Package datadir makes the data folder, which whoever comes first has to make: the managed Postgres, the
// keeper of files, a command that trusts a plugin's author.
package datadir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Make makes the folder where there is none, private to its owner. Root's is closed but for passing through:
// Postgres and plugins, which root starts as users of their own, have folders in it. One that is there is left as it is.
func Make(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // what is above is not ours to close
		return fmt.Errorf("data folder: %w", err)
	}
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711
	}
	if err := os.Mkdir(dir, mode); errors.Is(err, os.ErrExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return os.Chmod(dir, mode)
}
