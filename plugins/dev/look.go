package dev

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// look is a picture of the folder: another one when a file was saved, added or taken away. What a
// build makes (bin, node_modules, what begins with a dot, lock and sum files of package managers, which
// npm and go write anew) is no change.
func look(folder string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		made := strings.HasPrefix(name, ".") || name == "bin" || name == "node_modules"
		switch {
		case path == folder:
			return nil
		case entry.IsDir() && made:
			return filepath.SkipDir
		case entry.IsDir(), made, !entry.Type().IsRegular(), name == "package-lock.json", name == "go.sum", strings.HasSuffix(name, ".veche"):
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(sum, "%q %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		return nil
	})
	return string(sum.Sum(nil)), err
}
