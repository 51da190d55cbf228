// Package bundle is the form in which a plugin travels: a zip of plugin.yaml, all files that it names,
// bin/<platform>/… (the program is bin/<platform>/plugin; the platform is linux-amd64 and the like, or
// any), files.json with the name, size and SHA-256 of every other file, and signatures/<key id>.sig,
// Ed25519 over files.json. Its digest is the SHA-256 of files.json: it names all that the plugin is,
// whoever signed it.
//
// Nothing of a bundle is believed: Open refuses, in words, what does not hold together before anything
// of it is used, and Program checks an unpacked one again before each start.
package bundle

import (
	"archive/zip"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/veche-city/veche/plugins/manifest"
)

// What a bundle may hold at most.
const (
	MaxBytes    = 256 << 20 // of all files together, unpacked
	MaxFiles    = 2000
	maxManifest = 256 << 10 // of plugin.yaml; ten times that of files.json
	maxSigners  = 32
)

const (
	list       = "files.json"
	signatures = "signatures/"
)

// Bundle is one that holds together.
type Bundle struct {
	files    map[string]*zip.File
	index    index
	digest   string
	manifest *manifest.Manifest
	sdl      string
	reader   *zip.Reader
	text     []byte // of files.json
	signed   map[string][]byte
}

// Open checks the bundle: every name, size and sum, and its manifest.
func Open(r io.ReaderAt, size int64) (*Bundle, error) {
	reader, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("this is no bundle: a bundle is a zip file: %w", err)
	}
	b := &Bundle{reader: reader, files: map[string]*zip.File{}, signed: map[string][]byte{}}
	if len(reader.File) > MaxFiles+maxSigners {
		return nil, fmt.Errorf("the bundle holds %d files; at most %d are allowed", len(reader.File), MaxFiles)
	}
	folded := map[string]string{}
	for _, f := range reader.File {
		if err := checkEntry(f); err != nil {
			return nil, err
		}
		if other, ok := folded[strings.ToLower(f.Name)]; ok {
			return nil, fmt.Errorf("the bundle holds %q twice (as %q)", f.Name, other)
		}
		folded[strings.ToLower(f.Name)] = f.Name
		b.files[f.Name] = f
	}
	if err := b.readIndex(); err != nil {
		return nil, err
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	return b, b.readManifest()
}

// checkEntry looks at what the zip says of a file, before any of it is read.
func checkEntry(f *zip.File) error {
	switch {
	case !fs.ValidPath(f.Name) || f.Name == "." || strings.ContainsAny(f.Name, `\:`) || strings.ContainsFunc(f.Name, func(r rune) bool { return r < ' ' }):
		return fmt.Errorf("the bundle holds %q: a name may not lead out of it, nor be a folder", f.Name)
	case !f.Mode().IsRegular():
		return fmt.Errorf("the bundle holds %s, which is not a plain file (%s)", f.Name, f.Mode())
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return fmt.Errorf("%s is packed by a method that is not allowed (%d): deflate is", f.Name, f.Method)
	case f.UncompressedSize64 > MaxBytes:
		return fmt.Errorf("%s is larger than %d bytes", f.Name, MaxBytes)
	}
	return nil
}

// read reads a small file, of at most so many bytes, whatever the zip says of its size.
func read(f *zip.File, most int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	defer func() { _ = r.Close() }()
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("%s is larger than %d bytes", f.Name, most)
	}
	return text, nil
}

func (b *Bundle) readIndex() error {
	f, ok := b.files[list]
	if !ok {
		return fmt.Errorf("the bundle has no %s: make it by veche plugin pack", list)
	}
	text, err := read(f, 10*maxManifest)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	b.text, b.digest = text, hex.EncodeToString(sum[:])
	b.index, err = parseIndex(text)
	return err
}

// check compares what is there with what files.json says, and every byte of it.
func (b *Bundle) check() error {
	rest := maps.Clone(b.files)
	delete(rest, list)
	for _, want := range b.index.Files {
		f, ok := rest[want.Name]
		if !ok {
			return fmt.Errorf("%s is missing: %s names it", want.Name, list)
		}
		delete(rest, want.Name)
		if err := copyChecked(io.Discard, f, want); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		id, isSignature := strings.CutPrefix(name, signatures)
		id, ends := strings.CutSuffix(id, ".sig")
		if !isSignature || !ends || strings.Contains(id, "/") {
			return fmt.Errorf("%s is not among the files that %s names", name, list)
		}
		text, err := read(rest[name], 1024)
		if err != nil {
			return err
		}
		signature, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
		if err != nil || len(signature) != ed25519.SignatureSize {
			return fmt.Errorf("%s is not a signature: %d bytes in base64 are one", name, ed25519.SignatureSize)
		}
		b.signed[id] = signature
	}
	if len(b.signed) > maxSigners {
		return fmt.Errorf("the bundle bears %d signatures; at most %d are allowed", len(b.signed), maxSigners)
	}
	return nil
}

// copyChecked writes a file out, and fails unless it is byte for byte the one that files.json means.
func copyChecked(w io.Writer, f *zip.File, want file) error {
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	defer func() { _ = r.Close() }()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), io.LimitReader(r, want.Size+1))
	if err != nil && !errors.Is(err, zip.ErrChecksum) {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	return want.matches(n, hex.EncodeToString(sum.Sum(nil)))
}

func (b *Bundle) readManifest() (err error) {
	if f, ok := b.files[manifest.File]; ok && f.UncompressedSize64 > maxManifest {
		return fmt.Errorf("%s is larger than %d bytes", manifest.File, maxManifest)
	}
	if b.manifest, err = manifest.Read(b.reader); err != nil {
		return err
	}
	for _, platform := range b.manifest.Build.Platforms {
		if err := checkPlatform(platform); err != nil {
			return err
		}
		if _, ok := b.files[programName(platform)]; !ok {
			return fmt.Errorf("%s is missing: %s names the platform %s", programName(platform), manifest.File, platform)
		}
	}
	sdl, err := fs.ReadFile(b.reader, b.manifest.Schema)
	b.sdl = string(sdl)
	return err
}

// Digest is the SHA-256 of files.json, in hex.
func (b *Bundle) Digest() string { return b.digest }

// Manifest is the plugin's card.
func (b *Bundle) Manifest() *manifest.Manifest { return b.manifest }

// SDL is the plugin's schema.
func (b *Bundle) SDL() string { return b.sdl }

// FS is the bundle as a file system.
func (b *Bundle) FS() fs.FS { return b.reader }

// SignedBy is the name of the key, of those that are trusted, by which the bundle is signed; the first
// by name, where there are several.
func (b *Bundle) SignedBy(keys map[string]ed25519.PublicKey) (name string, ok bool) {
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		key := keys[name]
		signature, signed := b.signed[KeyID(key)]
		if signed && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, b.text, signature) {
			return name, true
		}
	}
	return "", false
}

// KeyID is the name of a key's signature: the first sixteen hex digits of its SHA-256.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}
