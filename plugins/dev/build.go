package dev

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/veche-city/veche/plugins/manifest"
)

// build runs the manifest's command for this machine. The program comes to bin/<platform>/plugin, as
// in a bundle.
func build(ctx context.Context, folder string) error {
	m, err := manifest.Read(os.DirFS(folder))
	if err != nil {
		return err
	}
	platform, err := platformOf(m)
	if err != nil {
		return err
	}
	out, err := filepath.Abs(Program(folder, platform))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	if m.Build.Run == "" {
		return present(out)
	}
	command := exec.CommandContext(ctx, "sh", "-euc", m.Build.Run) //nolint:gosec // the author's own command, on their machine
	command.Dir = folder
	command.Env = append(os.Environ(), "VECHE_OS="+runtime.GOOS, "VECHE_ARCH="+runtime.GOARCH, "VECHE_OUT="+out)
	command.WaitDelay = time.Second // what it leaves behind does not hold us up
	var text bytes.Buffer
	command.Stdout, command.Stderr = &text, &text
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s\n%s: build.run: %w", strings.TrimSpace(text.String()), manifest.File, err)
	}
	return present(out)
}

// Program is where a platform's program lies in a plugin's folder.
func Program(folder, platform string) string { return filepath.Join(folder, "bin", platform, "plugin") }

func present(out string) error {
	if info, err := os.Stat(out); err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("%s: build.run wrote no program to $VECHE_OUT, %s", manifest.File, out)
	}
	return nil
}

// platformOf is the platform of this machine among the manifest's, or any.
func platformOf(m *manifest.Manifest) (string, error) {
	own := runtime.GOOS + "-" + runtime.GOARCH
	for _, one := range []string{own, "any"} {
		if slices.Contains(m.Build.Platforms, one) {
			return one, nil
		}
	}
	return "", fmt.Errorf("%s: build.platforms: this machine is %s: add it, or any", manifest.File, own)
}
