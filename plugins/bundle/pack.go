package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/veche-city/veche/plugins/manifest"
)

// Pack builds the plugin in folder for each of its platforms (build.run of its manifest, by sh), and
// writes its bundle. The same files give the same bundle, byte for byte.
func Pack(folder string, out io.Writer) (digest string, err error) {
	root, err := os.OpenRoot(folder) // which leads nowhere else
	if err != nil {
		return "", err
	}
	defer func() { _ = root.Close() }()
	m, err := manifest.Read(root.FS())
	if err != nil {
		return "", err
	}
	built, err := os.MkdirTemp("", "veche-pack-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(built) }()
	for _, platform := range m.Build.Platforms {
		if err := Build(folder, m, platform, filepath.Join(built, programName(platform))); err != nil {
			return "", err
		}
	}
	files := map[string][]byte{}
	if err := gather(files, root.FS(), named(m)...); err != nil {
		return "", err
	}
	if err := gather(files, os.DirFS(built), "bin"); err != nil {
		return "", err
	}
	return write(out, files)
}

// Build makes the program of a plugin for one platform, and writes it to out.
func Build(folder string, m *manifest.Manifest, platform, out string) error {
	if err := checkPlatform(platform); err != nil {
		return err
	}
	if m.Build.Run == "" {
		return fmt.Errorf("%s: build.run: name the command that builds the program, to $VECHE_OUT", manifest.File)
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o700); err != nil {
		return err
	}
	system, arch, _ := strings.Cut(platform, "-")
	command := exec.Command("sh", "-c", m.Build.Run) //nolint:gosec // the author's own command, on the author's machine
	command.Dir = folder
	command.Env = append(os.Environ(), "VECHE_OS="+system, "VECHE_ARCH="+arch, "VECHE_OUT="+out)
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build.run for %s: %w\n%s", platform, err, bytes.TrimSpace(said[max(0, len(said)-4096):]))
	}
	if _, err := os.Stat(out); err != nil {
		return fmt.Errorf("build.run for %s wrote no program to $VECHE_OUT", platform)
	}
	return nil
}

// named are the files and folders that the manifest names, and the manifest.
func named(m *manifest.Manifest) []string {
	all := []string{manifest.File}
	for _, one := range []string{m.Schema, m.Policy, m.Settings, m.Migrations} {
		if one != "" && !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

// gather reads files, and folders with all that is in them.
func gather(into map[string][]byte, from fs.FS, names ...string) error {
	var sum int64
	for _, name := range names {
		err := fs.WalkDir(from, name, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir():
				return nil
			case !entry.Type().IsRegular():
				return fmt.Errorf("%s is not a plain file: a bundle holds no links", path)
			case path != manifest.File && (path == list || strings.HasPrefix(path, signatures)):
				return fmt.Errorf("%s: the name is the bundle's own; give the file another", path)
			}
			text, err := fs.ReadFile(from, path)
			if sum += int64(len(text)); sum > MaxBytes || len(into) >= MaxFiles {
				return fmt.Errorf("the plugin is too large: a bundle holds at most %d files and %d bytes", MaxFiles, MaxBytes)
			}
			into[path] = text
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func write(out io.Writer, files map[string][]byte) (digest string, err error) {
	var i index
	for name, text := range files {
		sum := sha256.Sum256(text)
		i.Files = append(i.Files, file{Name: name, Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:])})
	}
	slices.SortFunc(i.Files, func(a, b file) int { return strings.Compare(a.Name, b.Name) })
	text, err := json.MarshalIndent(i, "", " ")
	if err != nil {
		return "", err
	}
	w := zip.NewWriter(out)
	if err := add(w, list, text); err != nil {
		return "", err
	}
	for _, one := range i.Files {
		if err := add(w, one.Name, files[one.Name]); err != nil {
			return "", err
		}
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), w.Close()
}

// add writes an entry that shows neither when nor by whom it was made.
func add(w *zip.Writer, name string, text []byte) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	header.SetMode(mode(name))
	entry, err := w.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = entry.Write(text)
	return err
}

// mode is a file's when it is unpacked: nobody writes it.
func mode(name string) fs.FileMode {
	if isProgram(name) {
		return 0o555
	}
	return 0o444
}

// Sign adds a signature to a bundle's file, in the place of an earlier one by the same key.
func Sign(bundle string, key ed25519.PrivateKey) error {
	in, err := os.Open(bundle) //nolint:gosec // the operator's choice
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	b, err := Open(in, info.Size())
	if err != nil {
		return err
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok || len(key) != ed25519.PrivateKeySize {
		return fmt.Errorf("the key is not an Ed25519 key: veche plugin key makes one")
	}
	var out bytes.Buffer
	w, name := zip.NewWriter(&out), signatures+KeyID(public)+".sig"
	for _, f := range b.reader.File {
		if f.Name == name {
			continue
		}
		if err := w.Copy(f); err != nil {
			return err
		}
	}
	text := base64.StdEncoding.EncodeToString(ed25519.Sign(key, b.text)) + "\n"
	if err := add(w, name, []byte(text)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return replace(bundle, out.Bytes(), info.Mode().Perm())
}

// replace writes a file anew, wholly or not at all.
func replace(path string, text []byte, mode fs.FileMode) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".veche-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	if _, err := temporary.Write(text); err != nil {
		_ = temporary.Close()
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	if err := os.Chmod(temporary.Name(), mode); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
