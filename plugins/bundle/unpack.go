package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/veche-city/veche/plugins/manifest"
)

// Unpack writes the bundle into the new folder dir: wholly or not at all, and for reading alone. One
// that is there already is left when it is the same bundle, whole.
func (b *Bundle) Unpack(dir string) error {
	if digest, err := Check(dir); err == nil && digest == b.digest {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // plugins run as users of their own, and read it
		return err
	}
	temporary, err := os.MkdirTemp(filepath.Dir(dir), ".unpack-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	for _, one := range b.index.Files {
		if err := b.unpackFile(temporary, one); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(temporary, list), b.text, mode(list)); err != nil {
		return err
	}
	if err := os.Chmod(temporary, 0o755); err != nil { //nolint:gosec // as above
		return err
	}
	err = os.Rename(temporary, dir)
	if digest, again := Check(dir); again == nil && digest == b.digest {
		return nil // another was quicker
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there, and is not this bundle: remove it first: %w", dir, err)
	}
	return err
}

func (b *Bundle) unpackFile(folder string, one file) error {
	path := filepath.Join(folder, filepath.FromSlash(one.Name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // as above
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode(one.Name)) //nolint:gosec // names were checked
	if err != nil {
		return err
	}
	err = copyChecked(out, b.files[one.Name], one)
	if err == nil {
		err = out.Chmod(mode(one.Name)) // whatever the umask
	}
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// Check compares an unpacked bundle with its files.json, and answers its digest. Where the folder is
// named by a digest, as installed ones are, it must be that one.
func Check(dir string) (digest string, err error) {
	text, err := os.ReadFile(filepath.Join(dir, list)) //nolint:gosec // the host's own folder
	if err != nil {
		return "", fmt.Errorf("%s is no unpacked bundle: %w", dir, err)
	}
	sum := sha256.Sum256(text)
	digest = hex.EncodeToString(sum[:])
	if name := filepath.Base(dir); sumPattern.MatchString(name) && name != digest {
		return "", fmt.Errorf("%s was changed: its %s is another bundle's; remove the folder, and it is fetched again", dir, list)
	}
	i, err := parseIndex(text)
	if err != nil {
		return "", err
	}
	want := map[string]file{}
	for _, one := range i.Files {
		want[one.Name] = one
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, dir+string(filepath.Separator)))
		if name == list {
			return nil
		}
		one, ok := want[name]
		if !ok || !entry.Type().IsRegular() {
			return fmt.Errorf("%s: %s is not among the files that %s names; remove the folder, and it is fetched again", dir, name, list)
		}
		delete(want, name)
		return checkFile(path, one)
	})
	for name := range want {
		err = errors.Join(err, fmt.Errorf("%s: %s is missing; remove the folder, and it is fetched again", dir, name))
	}
	return digest, err
}

func checkFile(path string, want file) error {
	in, err := os.Open(path) //nolint:gosec // below the folder that is checked
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	sum := sha256.New()
	n, err := io.Copy(sum, in)
	if err != nil {
		return err
	}
	return want.matches(n, hex.EncodeToString(sum.Sum(nil)))
}

// Platform is the one of a plugin's platforms that runs here.
func Platform(m *manifest.Manifest) (string, error) {
	here := runtime.GOOS + "-" + runtime.GOARCH
	for _, one := range []string{here, "any"} {
		if slices.Contains(m.Build.Platforms, one) {
			return one, nil
		}
	}
	return "", fmt.Errorf("the plugin %s runs on %s, and this is %s", m.Name, strings.Join(m.Build.Platforms, ", "), here)
}

// Program is the program of an unpacked bundle for this system, and its SHA-256 in hex. It checks all
// files again: ask it before each start.
func Program(dir string, m *manifest.Manifest) (path, sum string, err error) {
	platform, err := Platform(m)
	if err != nil {
		return "", "", err
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", "", err
	}
	if _, err := Check(dir); err != nil {
		return "", "", err
	}
	text, err := os.ReadFile(filepath.Join(dir, list)) //nolint:gosec // the host's own folder
	if err != nil {
		return "", "", err
	}
	i, err := parseIndex(text)
	if err != nil {
		return "", "", err
	}
	for _, one := range i.Files {
		if one.Name == programName(platform) {
			return filepath.Join(dir, filepath.FromSlash(one.Name)), one.SHA256, nil
		}
	}
	return "", "", fmt.Errorf("%s: %s is missing", dir, programName(platform))
}
